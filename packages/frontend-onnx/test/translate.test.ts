import { print } from '@cuvee/core';
import { describe, expect, it } from 'vitest';
import { onnx, supportedOps } from '../src/index.js';
import { findOp } from '../src/registry.js';
import { signatures } from '../src/signatures.js';
import type { GraphProto, ModelProto } from '../src/proto/index.js';
import { attribute, f32, floats, fn, graph, model, node, read, refusal, run, value } from './models.js';

const x = value('x', [2]);

describe('graphs', () => {
  it('keep names: inputs, outputs, values, nodes', () => {
    const m = read(
      model(graph([node('Relu', ['x'], ['h'], [], { name: 'first' }), node('Neg', ['h'], ['y'])], [value('x', ['n', 2])], ['y', 'h'])),
    );
    expect(m.parameters.map((p) => [p.name, ...p.output.names])).toEqual([['x', 'x']]);
    expect(m.results.map((r) => [r.inputs[0]?.node.name, ...(r.inputs[0]?.names ?? [])])).toEqual([
      ['y', 'y'],
      ['first', 'h'],
    ]);
    expect(run(m, f32([1, 2], [-1, 2]))).toEqual([
      [-0, -2],
      [0, 2],
    ]);
  });

  it('become stable text', () => {
    const m = read(
      model(
        graph(
          [node('Gemm', ['x', 'w', 'b'], ['y'], [attribute.float('alpha', 0.5)])],
          [value('x', [1, 2])],
          ['y'],
          [floats('w', [2, 1], [1, 2]), floats('b', [1], [3])],
        ),
      ),
    );
    expect(print(m)).toMatch(/%y = Add\(.*\) .*: f32 \[1,1\]/);
  });

  it('take initialisers as constants over the file, also when they are listed as inputs', () => {
    const w = floats('w', [2], [1, 2]);
    const m = read(model(graph([node('Add', ['x', 'w'], ['y'])], [x, value('w', [2])], ['y'], [w])));
    expect(m.parameters.length).toBe(1);
    const literal = m.nodes().find((n) => n.op.name === 'Constant')?.output.fact.value;
    expect(literal?.source).toMatchObject({ kind: 'bytes', bytes: w.rawData });
  });

  it('are put in order when the file does not have one', () => {
    const m = read(model(graph([node('Neg', ['h'], ['y']), node('Relu', ['x'], ['h'])], [x], ['y'])));
    expect(run(m, f32([2], [-1, 3]))).toEqual([[-0, -3]]);
  });

  it('leave no readers that no output needs', () => {
    const m = read(model(graph([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['unused'])], [x], ['y'])));
    expect([...(m.parameters[0]?.output.users ?? [])].map((n) => n.op.name)).toEqual(['Relu']);
  });

  it.each<readonly [string, GraphProto, RegExp]>([
    ['a dangling name', graph([node('Relu', ['z'], ['y'])], [x], ['y']), /Relu "y" reads "z", which nothing makes/],
    ['a dangling output', graph([], [x], ['y']), /nothing makes "y"/],
    [
      'a name made twice',
      graph([node('Relu', ['x'], ['y']), node('Neg', ['x'], ['y'])], [x], ['y']),
      /"y" is made twice: by Relu "y" and Neg "y"/,
    ],
    ['a name made twice by one node', graph([node('Split', ['x'], ['y', 'y'])], [x], ['y']), /"y" is made twice/],
    ['an output that is an input', graph([node('Relu', ['x'], ['x'])], [x], ['x']), /"x" .*twice|depends on its own/],
    ['an output listed twice', graph([node('Relu', ['x'], ['y'])], [x], ['y', 'y']), /output "y" is listed twice/],
    ['no outputs', graph([node('Relu', ['x'], ['y'])], [x], []), /no outputs/],
    ['a cycle', graph([node('Add', ['x', 'b'], ['a']), node('Neg', ['a'], ['b'])], [x], ['b']), /depends on its own output/],
    [
      'two initialisers of one name',
      graph([node('Add', ['x', 'w'], ['y'])], [x], ['y'], [floats('w', [2], [1, 2]), floats('w', [2], [1, 2])]),
      /initializer "w" is defined twice/,
    ],
    ['two inputs of one name', graph([node('Relu', ['x'], ['y'])], [x, x], ['y']), /input "x" is defined twice/],
    ['an input without a type', graph([node('Relu', ['x'], ['y'])], [{ name: 'x' }], ['y']), /input "x" has no type/],
    [
      'an attribute twice',
      graph([node('Softmax', ['x'], ['y'], [attribute.int('axis', 0), attribute.int('axis', 0)])], [x], ['y']),
      /"axis" is given twice/,
    ],
    [
      'an attribute of the wrong kind',
      graph([node('Softmax', ['x'], ['y'], [attribute.float('axis', 0)])], [x], ['y']),
      /"axis" is of type FLOAT, expected INT/,
    ],
    ['a missing input', graph([node('Add', ['x'], ['y'])], [x], ['y']), /Add "y".*lacks input 1/],
    ['an input left out', graph([node('Add', ['', 'x'], ['y'])], [x], ['y']), /lacks input 0/],
    ['an input too many', graph([node('Relu', ['x', 'x'], ['y'])], [x], ['y']), /has 2 inputs, at most 1/],
    ['an output too many', graph([node('Relu', ['x'], ['y', 'z'])], [x], ['y']), /has 2 outputs, at most 1/],
    ['types that do not match', graph([node('Add', ['x', 'i'], ['y'])], [x, value('i', [2], 7)], ['y']), /f32 and i64/],
    ['a shape that does not fit', graph([node('Add', ['x', 'z'], ['y'])], [x, value('z', [3])], ['y']), /MODEL_INVALID.*Add/],
  ])('refuse %s', (_, g, message) => {
    const text = refusal(() => read(model(g)));
    expect(text).toMatch(/^\[MODEL_INVALID\]/);
    expect(text).toMatch(message);
  });

  it('check the output types that the file declares', () => {
    const g = graph([node('Relu', ['x'], ['y'])], [x], ['y']);
    expect(refusal(() => read(model({ ...g, output: [value('y', undefined, 7)] })))).toMatch(/declared as i64, but it is f32/);
  });

  it('count all unknown operators at once, bodies and functions included', () => {
    const branch = graph([node('Mystery', ['x'], ['t'])], [], ['t']);
    const g = graph(
      [
        node('Mystery', ['x'], ['a']),
        node('If', ['c'], ['b'], [attribute.graph('then_branch', branch), attribute.graph('else_branch', branch)]),
        node('Other', ['x'], ['d'], [], { domain: 'org.example' }),
        node('Local', ['x'], ['e'], [], { domain: 'test' }),
        node('Relu', ['e'], ['y']),
      ],
      [x, value('c', [], 9)],
      ['y'],
    );
    const text = refusal(() => read(model(g, [fn('Local', ['p'], ['q'], [node('Mystery', ['p'], ['q'])])])));
    expect(text).toBe('[MODEL_UNSUPPORTED] 2 operators are not supported: Mystery (4×), org.example.Other (1×)');
  });
});

describe('versions', () => {
  const g = graph([node('Relu', ['x'], ['y'])], [x], ['y']);
  const asked = (domain: string, version: bigint): ModelProto => model(g, [], 18, { opsetImport: [{ domain, version }] });
  it.each<readonly [string, ModelProto, RegExp]>([
    ['IR version 15', model(g, [], 18, { irVersion: 15n }), /UNSUPPORTED.*IR version 15/],
    ['IR version 0', model(g, [], 18, { irVersion: 0n }), /INVALID.*IR version 0/],
    ['IR version -2^63', model(g, [], 18, { irVersion: -(2n ** 63n) }), /INVALID/],
    ['opset 29', asked('', 29n), /UNSUPPORTED.*operator set 29/],
    ['opset 0', asked('ai.onnx', 0n), /INVALID.*version 0/],
    ['opset 2^40', asked('', 2n ** 40n), /INVALID/],
    ['no opset', model(g, [], 18, { opsetImport: [] }), /INVALID.*does not say which version/],
    [
      'two opsets',
      model(g, [], 18, {
        opsetImport: [
          { domain: '', version: 9n },
          { domain: 'ai.onnx', version: 10n },
        ],
      }),
      /INVALID.*two versions/,
    ],
    ['no graph', { ...model(g), graph: undefined }, /INVALID.*no graph/],
  ])('%s', (_, m, message) => expect(refusal(() => read(m))).toMatch(message));
  it('1 to 28 and IR 3 to 14 are read', () => {
    for (let opset = 6; opset <= 28; opset++) expect(refusal(() => read(model(g, [], opset)))).toBe('accepted');
    for (let ir = 3n; ir <= 14n; ir++) expect(refusal(() => read(model(g, [], 18, { irVersion: ir })))).toBe('accepted');
  });
});

describe('the frontend', () => {
  const front = onnx();
  it('knows its files', () => {
    expect(front.accepts(Uint8Array.of(0x08, 8, 0x12, 7, 0x70, 0x79), 'm.onnx')).toBe(true);
    expect(front.accepts(Uint8Array.of(0x08, 3, 0x12), undefined)).toBe(true);
    for (const text of ['', '<?xml version="1.0"?>', 'PK\u0003\u0004', 'GGUF', 'TFL3', '{"a":1}'])
      expect(front.accepts(new TextEncoder().encode(text), 'model.bin')).toBe(false);
  });
  it('answers an empty or foreign file with MODEL_INVALID that names it', () => {
    for (const bytes of [new Uint8Array(), new TextEncoder().encode('<html>nothing here</html>'), new Uint8Array(64)]) {
      expect(refusal(() => front.read({ bytes, path: 'm.onnx' }))).toMatch(/^\[MODEL_INVALID\] reading "m\.onnx": /);
    }
  });
  it('lists its operators; each of ai.onnx is one that ONNX, or ONNX Runtime there, defines', () => {
    const ops = supportedOps();
    expect(ops['']?.length).toBeGreaterThan(170);
    const unprinted = Object.entries(ops).flatMap(([domain, names]) =>
      names.filter((op) => !(op in (signatures[domain] ?? {}))).map((op) => [domain, op]),
    );
    expect(unprinted.filter(([domain, op]) => !('signature' in (findOp(domain as string, op as string) as object)))).toEqual([]);
    expect(unprinted.filter(([domain]) => domain !== 'com.microsoft')).toEqual([['', 'SimplifiedLayerNormalization']]);
  });
});
