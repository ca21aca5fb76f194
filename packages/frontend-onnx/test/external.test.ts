import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Core, CuveeError, type ExternalFile, type Literal, type Model } from '@cuvee/core';
import { PbfWriter } from 'pbf';
import { afterAll, describe, expect, it } from 'vitest';
import { elementCount } from '../src/checked.js';
import { ExternalFiles, safeLocation } from '../src/external.js';
import { onnx } from '../src/index.js';
import type { ModelProto, NodeProto, StringStringEntryProto, TensorProto } from '../src/proto/index.js';
import { literalOf } from '../src/tensor.js';
import { attribute, fn, graph, model, node, read, value } from './models.js';

const entries = (given: Readonly<Record<string, string>>): readonly StringStringEntryProto[] =>
  Object.entries(given).map(([key, value]) => ({ key, value }));
const tensor = (given: Readonly<Record<string, string>>, dims: readonly bigint[] = [4n], dataType = 1): TensorProto => ({
  dims,
  dataType,
  stringData: [],
  externalData: entries(given),
  dataLocation: 1,
});
const opened: string[] = [];
const beside = (relative: string): ExternalFile => {
  opened.push(relative);
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
  return { path: `/model/${relative}`, size: bytes.length, read: (offset, length) => bytes.slice(offset, offset + length) };
};
const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CuveeError ? error.code : `not a CuveeError: ${String(error)}`;
  }
  return 'accepted';
};

describe('external data', () => {
  it.each([
    '/etc/passwd',
    '\\windows',
    '../secret',
    'a/../../b',
    'a\\..\\..\\b',
    '..',
    '.. ',
    'a/.../../b',
    'C:\\x',
    'c:x',
    '//host/share',
    '\\\\host\\share',
    'file:///etc/passwd',
    'weights.bin:stream',
    'a\u0000b',
    'a\nb',
    '',
    '.',
    './',
    '*/_ORT_MEM_ADDR_/../*',
    'x'.repeat(5000),
  ])('refuses the location %j before anything is opened', (location) => {
    opened.length = 0;
    expect(code(() => literalOf(tensor({ location }), new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
    expect(opened).toEqual([]);
  });

  it('hands a plain relative path on, with / between parts', () => {
    expect(safeLocation('./data//weights.bin', 'w')).toBe('data/weights.bin');
    expect(safeLocation('data\\w.bin', 'w')).toBe('data/w.bin');
    expect(safeLocation('..weights', 'w')).toBe('..weights');
  });

  it('reads the range when asked for, and opens a file once', () => {
    opened.length = 0;
    const files = new ExternalFiles(beside);
    const literal = literalOf(tensor({ location: 'w.bin', offset: '16', length: '16' }), files, 'w');
    expect(literal.source).toMatchObject({ kind: 'file', path: '/model/w.bin', offset: 16, length: 16 });
    expect(new Uint8Array(literal.bytes)[0]).toBe(16);
    literalOf(tensor({ location: './w.bin' }), files, 'v');
    expect(opened).toEqual(['w.bin']);
  });

  it.each([
    [{ offset: '64' }],
    [{ offset: '49' }],
    [{ offset: '4294967296' }],
    [{ offset: '9007199254740991' }],
    [{ offset: '18446744073709551600' }],
    [{ offset: '-1' }],
    [{ offset: '0x10' }],
    [{ offset: '1e3' }],
    [{ offset: ' 1' }],
    [{ length: '15' }],
    [{ length: '17' }],
    [{ length: '-16' }],
    [{ length: 'NaN' }],
    [{ offset: '9223372036854775807', length: '16' }],
  ])('refuses the range %j', (range) => {
    expect(code(() => literalOf(tensor({ location: 'w.bin', ...range }), new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
  });

  it('refuses keys given twice, a shape larger than the file, and a model without a folder', () => {
    const twice: TensorProto = {
      ...tensor({ location: 'w.bin' }),
      externalData: [...entries({ location: 'w.bin' }), ...entries({ location: 'v.bin' })],
    };
    expect(code(() => literalOf(twice, new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
    expect(code(() => literalOf(tensor({ location: 'w.bin' }, [17n]), new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
    expect(code(() => literalOf(tensor({ location: 'w.bin' }, [2n ** 32n, 2n ** 32n]), new ExternalFiles(beside), 'w'))).toBe(
      'MODEL_INVALID',
    );
    expect(code(() => literalOf(tensor({ location: 'w.bin' }), new ExternalFiles(undefined), 'w'))).toBe('MODEL_INVALID');
  });
});

describe('checked sizes', () => {
  it('counts elements without wrapping', () => {
    expect(elementCount([2, 3n])).toBe(6);
    expect(elementCount([])).toBe(1);
    expect(elementCount([0, 2n ** 40n])).toBe(0);
    for (const dims of [[-1n], [2n ** 32n, 2n ** 32n], [2n ** 63n - 1n], [2n ** 53n], [3, -4]]) expect(elementCount(dims)).toBeUndefined();
  });
});

describe('every place of a model that may name a file', () => {
  const weights = (location: string): TensorProto => ({ ...tensor({ location }, [2n]), name: 'w' });
  const x = value('x', [2]);
  const constant = (location: string): NodeProto => node('Constant', [], ['w'], [attribute.tensor('value', weights(location))]);
  const add = node('Add', ['x', 'w'], ['y']);
  const places: readonly (readonly [string, (location: string) => ModelProto])[] = [
    ['an initialiser', (l) => model(graph([add], [x], ['y'], [weights(l)]))],
    ['a Constant', (l) => model(graph([constant(l), add], [x], ['y']))],
    [
      'a sparse initialiser',
      (l) =>
        model({
          ...graph([add], [x], ['y']),
          sparseInitializer: [
            {
              dims: [2n],
              values: { ...weights(l), dims: [2n] },
              indices: { dataType: 7, dims: [2n], int64Data: BigInt64Array.of(0n, 1n), stringData: [], externalData: [] },
            },
          ],
        }),
    ],
    [
      'a body',
      (l) => {
        const branch = graph([node('Add', ['x', 'w'], ['t'])], [], ['t'], [weights(l)]);
        return model(
          graph(
            [node('If', ['c'], ['y'], [attribute.graph('then_branch', branch), attribute.graph('else_branch', branch)])],
            [x, value('c', [], 9)],
            ['y'],
          ),
        );
      },
    ],
    [
      'a function',
      (l) => model(graph([node('F', ['x'], ['y'], [], { domain: 'test' })], [x], ['y']), [fn('F', ['x'], ['y'], [constant(l), add])]),
    ],
  ];
  it.each(places)('%s opens its file beside the model, and only there', (_, make) => {
    opened.length = 0;
    expect(code(() => read(make('data/w.bin'), { beside }))).toBe('accepted');
    expect(opened.every((name) => name === 'data/w.bin')).toBe(true);
    expect(opened.length).toBeGreaterThan(0);
    opened.length = 0;
    for (const location of ['../w.bin', '/etc/passwd', 'a/../../w.bin', 'C:\\w.bin', '\\\\host\\w', 'w\u0000.bin', ''])
      expect(code(() => read(make(location), { beside }))).toBe('MODEL_INVALID');
    expect(opened).toEqual([]);
  });
});

describe('a model file with external data', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-onnx-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'model', 'm.onnx');
  mkdirSync(join(folder, 'model', 'sub'), { recursive: true });
  const values = new Uint8Array(Float32Array.of(10, 20).buffer);
  for (const name of ['secret.bin', 'model/w.bin', 'model/sub/w.bin', 'model/linked.bin']) writeFileSync(join(folder, name), values);
  writeFileSync(join(folder, 'model', 'short.bin'), values.subarray(0, 7));
  linkSync(join(folder, 'model', 'linked.bin'), join(folder, 'model', 'other-name.bin'));
  symlinkSync(join(folder, 'secret.bin'), join(folder, 'model', 'link.bin'));
  symlinkSync(folder, join(folder, 'model', 'up'));
  /** x + w with w [2] in a file of its own */
  const file = (location: string): Uint8Array => {
    const w = new PbfWriter();
    const entry = (to: PbfWriter, key: string, text: string): void =>
      to.writeMessage(
        13,
        (_, e) => {
          e.writeStringField(1, key);
          e.writeStringField(2, text);
        },
        0,
      );
    const info = (to: PbfWriter, field: number, name: string): void =>
      to.writeMessage(
        field,
        (_, v) => {
          v.writeStringField(1, name);
          v.writeMessage(
            2,
            (_t, t) =>
              t.writeMessage(
                1,
                (_e, e) => {
                  e.writeVarintField(1, 1);
                  e.writeMessage(2, (_s, s) => s.writeMessage(1, (_d, d) => d.writeVarintField(1, 2), 0), 0);
                },
                0,
              ),
            0,
          );
        },
        0,
      );
    w.writeVarintField(1, 8);
    w.writeMessage(
      7,
      (_, g) => {
        g.writeMessage(
          1,
          (_n, n) => {
            n.writeStringField(1, 'x');
            n.writeStringField(1, 'w');
            n.writeStringField(2, 'y');
            n.writeStringField(4, 'Add');
          },
          0,
        );
        g.writeMessage(
          5,
          (_t, t) => {
            t.writeVarintField(1, 2);
            t.writeVarintField(2, 1);
            t.writeStringField(8, 'w');
            entry(t, 'location', location);
            t.writeVarintField(14, 1);
          },
          0,
        );
        info(g, 11, 'x');
        info(g, 12, 'y');
      },
      0,
    );
    w.writeMessage(8, (_, o) => o.writeVarintField(2, 18), 0);
    return w.finish().slice();
  };
  const readFile = async (location: string): Promise<Model> => {
    writeFileSync(path, file(location));
    return new Core({ frontends: [onnx()], plugins: [] }).readModel(path);
  };
  it.each(['w.bin', './sub/w.bin'])('reads %s', async (location) => {
    const m = await readFile(location);
    const w = m.nodes().find((n) => n.op.name === 'Constant')?.output.fact.value as Literal;
    expect(Array.from(w.nd().data as Float32Array)).toEqual([10, 20]);
    expect(w.source).toMatchObject({ kind: 'file', offset: 0, length: 8 });
  });
  it.each([
    ['link.bin', 'MODEL_INVALID'],
    ['up/secret.bin', 'MODEL_INVALID'],
    ['linked.bin', 'MODEL_INVALID'],
    ['sub', 'MODEL_INVALID'],
    ['short.bin', 'MODEL_INVALID'],
    ['../secret.bin', 'MODEL_INVALID'],
    ['none.bin', 'FILE_NOT_FOUND'],
    ['none/w.bin', 'FILE_NOT_FOUND'],
  ])('refuses %s with %s', async (location, expected) => {
    await expect(readFile(location)).rejects.toMatchObject({ code: expected });
  });
});
