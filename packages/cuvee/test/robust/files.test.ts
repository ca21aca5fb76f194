import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync, copyFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Core, Tensor } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import { failureOf } from '../../../core/test/robust/slip.js';

const data = fileURLToPath(new URL('../../../conformance/data/', import.meta.url));
const squeezenet = join(data, 'models/onnx-light/squeezenet.onnx');
const det = join(data, 'ocr/models/det.int8.xml');
const core = new Core({ plugins: [], frontends: [onnx()] });
const folder = mkdtempSync(join(tmpdir(), 'cuvee-robust-'));
const at = (name: string): string => join(folder, name);
const put = (name: string, bytes: Uint8Array | string): string => (writeFileSync(at(name), bytes), at(name));

beforeAll(() => {
  mkdirSync(at('folder.onnx'));
  put('empty.onnx', '');
  put('empty.xml', '');
  put('text.onnx', 'This is a shopping list: eggs, flour, butter.\n');
  put('picture.onnx', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13));
  put('zeros.onnx', new Uint8Array(4096));
  put('web.xml', '<!doctype html><html><body>404 Not Found</body></html>');
  copyFileSync(det, at('alone.xml'));
  copyFileSync(det, at('short.xml'));
  put('short.bin', readFileSync(det.replace('.xml', '.bin')).subarray(0, 100_000));
  copyFileSync(det, at('none.xml'));
  put('none.bin', '');
  symlinkSync('loop.onnx', at('loop.onnx'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a file that is no model', () => {
  const cases: readonly (readonly [name: string, code: string, part: RegExp])[] = [
    ['absent.onnx', 'FILE_NOT_FOUND', /absent\.onnx/],
    ['absent.xml', 'FILE_NOT_FOUND', /absent\.xml/],
    ['folder.onnx', 'FILE_NOT_FOUND', /folder/],
    ['empty.onnx', 'MODEL_INVALID', /empty/],
    ['empty.xml', 'MODEL_INVALID', /empty/],
    ['text.onnx', 'MODEL_INVALID', /text\.onnx/],
    ['picture.onnx', 'MODEL_INVALID', /picture\.onnx/],
    ['zeros.onnx', 'MODEL_INVALID', /zeros\.onnx/],
    ['web.xml', 'MODEL_INVALID', /web\.xml/],
    ['loop.onnx', 'FILE_NOT_FOUND', /loop\.onnx/],
    ['alone.xml', 'MODEL_INVALID', /weights|\.bin/],
    ['short.xml', 'MODEL_INVALID', /bytes/],
    ['none.xml', 'MODEL_INVALID', /empty|bytes/],
    ['\0.onnx', 'FILE_NOT_FOUND', /null|\\u0000/],
  ];
  it.each(cases)('%j', async (name, code, part) => {
    for (const where of name.includes('\0') ? [at(name)] : [at(name), pathToFileURL(at(name))]) {
      const failure = await failureOf(() => core.readModel(where));
      expect(failure.code, failure.message).toBe(code);
      expect(failure.message).toMatch(part);
    }
  });
  const values: readonly (readonly [what: string, value: unknown, weights: unknown, code: string])[] = [
    ['a number', 7, undefined, 'ARGUMENT_INVALID'],
    ['nothing', undefined, undefined, 'ARGUMENT_INVALID'],
    ['null', null, undefined, 'ARGUMENT_INVALID'],
    ['an object', {}, undefined, 'ARGUMENT_INVALID'],
    ['a web address', new URL('https://example.org/m.onnx'), undefined, 'ARGUMENT_INVALID'],
    ['no bytes', new Uint8Array(), undefined, 'MODEL_INVALID'],
    ['absent weights', det, 'nowhere.bin', 'FILE_NOT_FOUND'],
    ['weights of the wrong kind', det, 7, 'ARGUMENT_INVALID'],
  ];
  it.each(values)('%s', async (_what, value, weights, code) => {
    const failure = await failureOf(() => core.readModel(value as string, weights as string));
    expect(failure.code, failure.message).toBe(code);
  });
});

describe('a file cut short', () => {
  it.each([
    ['ONNX', squeezenet, 60],
    ['ONNX with weights', join(data, 'ocr/models/ch_ppocr_mobile_v2.0_cls_infer.onnx'), 60],
  ] as const)('%s: refused at every offset', async (_what, path, times) => {
    const bytes = new Uint8Array(readFileSync(path));
    for (let i = 0; i < times; i++) {
      const length = i < 20 ? i : Math.floor((bytes.length * i) / times);
      const { code, message } = await failureOf(() => core.readModel(bytes.slice(0, length)));
      expect(['MODEL_INVALID', 'MODEL_UNSUPPORTED'], `${length} bytes: ${message}`).toContain(code);
    }
  });
  it('IR: text or weights', async () => {
    const [xml, bin] = [new Uint8Array(readFileSync(det)), new Uint8Array(readFileSync(det.replace('.xml', '.bin')))];
    for (let i = 0; i < 12; i++) {
      const text = await failureOf(() => core.readModel(xml.slice(0, Math.floor((xml.length * i) / 12)), bin));
      expect(text.code, text.message).toBe('MODEL_INVALID');
    }
    for (let i = 0; i < 4; i++) {
      const weights = await failureOf(() => core.readModel(xml, bin.slice(0, Math.floor((bin.length * i) / 4))));
      expect(weights.code, weights.message).toBe('MODEL_INVALID');
    }
  });
});

it('bytes changed at random read, or are refused with a reason', async () => {
  const bytes = new Uint8Array(readFileSync(squeezenet));
  let state = 7;
  const random = (n: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
  for (let i = 0; i < 150; i++) {
    const damaged = bytes.slice();
    for (let k = random(4); k >= 0; k--) damaged[random(damaged.length)] = random(256);
    const { code, message } = await failureOf(() => core.readModel(damaged));
    expect(['none', 'MODEL_INVALID', 'MODEL_UNSUPPORTED', 'FILE_NOT_FOUND'], message).toContain(code);
  }
});

it('weights come as a path, a URL, bytes or a tensor, whatever the model comes as', () => {
  const weights = det.replace('.xml', '.bin');
  const bytes = new Uint8Array(readFileSync(weights));
  const text = readFileSync(det, 'utf8');
  for (const model of [det, pathToFileURL(det), new TextEncoder().encode(text), text]) {
    for (const given of [weights, pathToFileURL(weights), bytes]) expect(core.readModelSync(model, given).inputs).toHaveLength(1);
  }
  expect(core.readModelSync(text, new Tensor('u8', [bytes.length], bytes)).inputs).toHaveLength(1);
});
