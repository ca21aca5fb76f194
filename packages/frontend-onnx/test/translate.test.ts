import { CuveeError, interpret, Literal, print, type Model, type NdArray } from '@cuvee/core';
import { describe, expect, it } from 'vitest';
import { onnx, supportedOps } from '../src/index.js';
import type { GraphProto, ModelProto } from '../src/proto/index.js';
import { findOp } from '../src/registry.js';
import { signatures } from '../src/signatures.js';
import { attribute, floats, fn, graph, model, node, read, value } from './models.js';

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CuveeError ? error.message : `not a CuveeError: ${String(error)}`;
  }
  return 'accepted';
};
const f32 = (shape: readonly number[], values: readonly number[]): NdArray => Literal.from('f32', shape, values).nd();
const run = (m: Model, ...inputs: NdArray[]): readonly (readonly unknown[])[] =>
  interpret(m, inputs).map((y) => Array.from(y.data as ArrayLike<unknown>));
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

describe('functions', () => {
  const call = (
    name: string,
    input: readonly string[],
    output: readonly string[],
    more = {},
    attributes: Parameters<typeof node>[3] = [],
  ) => node(name, input, output, attributes, { domain: 'test', ...more });
  it('are put in place, with attributes, defaults and missing inputs', () => {
    const leaky = fn(
      'Leaky',
      ['p', 'bias'],
      ['q'],
      [node('LeakyRelu', ['p'], ['t'], [attribute.ref('alpha', 'slope', 1)]), node('Clip', ['t', '', 'bias'], ['q'])],
      { attributeProto: [attribute.float('slope', 0.25)] },
    );
    const given = read(model(graph([call('Leaky', ['x'], ['y'], {}, [attribute.float('slope', 0.5)])], [x], ['y']), [leaky]));
    expect(run(given, f32([2], [-4, 3]))).toEqual([[-2, 3]]);
    const usual = read(model(graph([call('Leaky', ['x'], ['y'])], [x], ['y']), [leaky]));
    expect(run(usual, f32([2], [-4, 3]))).toEqual([[-1, 3]]);
  });
  it('are found by overload', () => {
    const one = fn('F', ['p'], ['q'], [node('Neg', ['p'], ['q'])]),
      two = fn('F', ['p'], ['q'], [node('Abs', ['p'], ['q'])], { overload: 'two' });
    const m = read(model(graph([call('F', ['x'], ['a']), call('F', ['a'], ['y'], { overload: 'two' })], [x], ['y']), [one, two]));
    expect(run(m, f32([2], [-4, 3]))).toEqual([[4, 3]]);
  });
  it('use the operator sets that they ask for', () => {
    const old = fn('Old', ['p'], ['q'], [node('Softmax', ['p'], ['q'])], { opsetImport: [{ domain: '', version: 11n }] });
    const m = read(model(graph([call('Old', ['z'], ['y'])], [value('z', [1, 2, 2])], ['y']), [old]));
    const [y] = run(m, f32([1, 2, 2], [0, 0, 0, 0]));
    expect(y).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
  it.each<readonly [string, ModelProto, RegExp]>([
    [
      'one that calls itself',
      model(graph([call('A', ['x'], ['y'])], [x], ['y']), [fn('A', ['p'], ['q'], [call('A', ['p'], ['q'])])]),
      /function A calls itself/,
    ],
    [
      'two that call each other',
      model(graph([call('A', ['x'], ['y'])], [x], ['y']), [
        fn('A', ['p'], ['q'], [call('B', ['p'], ['q'])]),
        fn('B', ['p'], ['q'], [call('A', ['p'], ['q'])]),
      ]),
      /function A calls itself/,
    ],
    [
      'one defined twice',
      model(graph([call('A', ['x'], ['y'])], [x], ['y']), [fn('A', ['p'], ['q'], []), fn('A', ['p'], ['q'], [])]),
      /defined twice/,
    ],
    [
      'an input too many',
      model(graph([call('A', ['x', 'x'], ['y'])], [x], ['y']), [fn('A', ['p'], ['q'], [node('Neg', ['p'], ['q'])])]),
      /takes 1 inputs, the call gives 2/,
    ],
    [
      'an output that it does not make',
      model(graph([call('A', ['x'], ['y'])], [x], ['y']), [fn('A', ['p'], ['q'], [])]),
      /output 0 \("y"\)/,
    ],
  ])('are refused: %s', (_, m, message) => expect(refusal(() => read(m))).toMatch(message));

  const chain = (length: number, times: number): ModelProto => {
    const functions = Array.from({ length }, (_, i) =>
      fn(
        `F${i}`,
        ['p'],
        ['q'],
        i + 1 === length
          ? [node('Neg', ['p'], ['q'])]
          : [
              ...Array.from({ length: times }, (_unused, k) =>
                call(`F${i + 1}`, [k === 0 ? 'p' : `t${k}`], [k + 1 === times ? 'q' : `t${k + 1}`]),
              ),
            ],
      ),
    );
    return model(graph([call('F0', ['x'], ['y'])], [x], ['y']), functions);
  };
  it('nest up to 64 deep, not 65 or 3,000', () => {
    expect(refusal(() => read(chain(60, 1)))).toBe('accepted');
    for (const depth of [66, 3000]) expect(refusal(() => read(chain(depth, 1)))).toMatch(/nested more than 64 deep/);
  });
  it('do not explode: 30 that each call the next twice', () => {
    const started = performance.now();
    expect(refusal(() => read(chain(30, 2)))).toMatch(/MODEL_UNSUPPORTED.*expand to more than/);
    expect(performance.now() - started).toBeLessThan(30_000);
  }, 60_000);
});

describe('bodies', () => {
  const condition = value('c', [], 9);
  it('of If read names from around them', () => {
    const m = read(
      model(
        graph(
          [
            node('Neg', ['x'], ['h']),
            node(
              'If',
              ['c'],
              ['y'],
              [
                attribute.graph('then_branch', graph([node('Add', ['h', 'w'], ['t'])], [], ['t'])),
                attribute.graph('else_branch', graph([], [], ['h'])),
              ],
            ),
          ],
          [x, condition],
          ['y'],
          [floats('w', [2], [10, 20])],
        ),
      ),
    );
    const bool = (b: boolean): NdArray => Literal.from('boolean', [], [b]).nd();
    expect(run(m, f32([2], [1, 2]), bool(true))).toEqual([[9, 18]]);
    expect(run(m, f32([2], [1, 2]), bool(false))).toEqual([[-1, -2]]);
  });
  it('of If with a known condition are put in place', () => {
    const then = graph([node('Neg', ['x'], ['t'])], [], ['t']),
      other = graph([node('Abs', ['x'], ['t'])], [], ['t']);
    const yes = { ...floats('yes', [], []), dataType: 9, rawData: Uint8Array.of(1) };
    const m = read(
      model(
        graph(
          [node('If', ['yes'], ['y'], [attribute.graph('then_branch', then), attribute.graph('else_branch', other)])],
          [x],
          ['y'],
          [yes],
        ),
      ),
    );
    expect(m.nodes().map((n) => n.op.name)).toEqual(['Parameter', 'Neg', 'Result'].map((name) => (name === 'Neg' ? 'Negative' : name)));
  });
  it('of Loop carry values, count turns, stop, and collect', () => {
    const body = graph(
      [
        node('Add', ['s', 'x'], ['next']),
        node('ReduceSum', ['next'], ['total'], [attribute.int('keepdims', 0)]),
        node('Less', ['total', 'limit'], ['goes']),
      ],
      [value('i', [], 7), value('c', [], 9), value('s', [2])],
      ['goes', 'next', 'total'],
    );
    const m = read(
      model(
        graph(
          [node('Loop', ['n', '', 'x'], ['last', 'all'], [attribute.graph('body', body)])],
          [x, value('n', [], 7)],
          ['last', 'all'],
          [floats('limit', [], [14])],
        ),
      ),
    );
    const count = (n: number): NdArray => Literal.from('i64', [], [n]).nd();
    expect(run(m, f32([2], [1, 2]), count(10))).toEqual([
      [5, 10],
      [6, 9, 12, 15],
    ]);
    expect(run(m, f32([2], [1, 2]), count(2))).toEqual([
      [3, 6],
      [6, 9],
    ]);
    expect(run(m, f32([2], [1, 2]), count(0))[0]).toEqual([1, 2]);
    expect(run(m, f32([2], [1, 2]), count(-5))[0]).toEqual([1, 2]);
  });
  it('of Scan walk along an axis, backwards too', () => {
    const body = graph(
      [node('Add', ['s', 'part'], ['next']), node('Identity', ['next'], ['seen'])],
      [value('s', [2]), value('part', [2])],
      ['next', 'seen'],
    );
    const attributes = [
      attribute.graph('body', body),
      attribute.int('num_scan_inputs', 1),
      attribute.ints('scan_input_directions', [1]),
      attribute.ints('scan_output_axes', [1]),
    ];
    const m = read(model(graph([node('Scan', ['x', 'z'], ['last', 'all'], attributes)], [x, value('z', [3, 2])], ['last', 'all'])));
    expect(run(m, f32([2], [0, 0]), f32([3, 2], [1, 2, 3, 4, 5, 6]))).toEqual([
      [9, 12],
      [5, 8, 9, 6, 10, 12],
    ]);
  });
  it('nest 30 deep within a second', () => {
    let inner = graph([node('Neg', ['x'], ['t'])], [], ['t']);
    for (let i = 0; i < 30; i++)
      inner = graph(
        [node('If', ['c'], ['t'], [attribute.graph('then_branch', inner), attribute.graph('else_branch', graph([], [], ['x']))])],
        [],
        ['t'],
      );
    const started = performance.now();
    expect(refusal(() => read(model(graph(inner.node, [x, condition], ['t']))))).toBe('accepted');
    expect(performance.now() - started).toBeLessThan(5000);
  });
  it.each<readonly [string, GraphProto, RegExp]>([
    [
      'branches of another size',
      graph(
        [
          node(
            'If',
            ['c'],
            ['y'],
            [attribute.graph('then_branch', graph([], [], ['x'])), attribute.graph('else_branch', graph([], [], ['x', 'x']))],
          ),
        ],
        [x, condition],
        ['y'],
      ),
      /has 2 outputs, the node 1/,
    ],
    [
      'a missing branch',
      graph([node('If', ['c'], ['y'], [attribute.graph('then_branch', graph([], [], ['x']))])], [x, condition], ['y']),
      /"else_branch" is missing/,
    ],
    [
      'a loop body with too few inputs',
      graph(
        [node('Loop', ['', 'c', 'x'], ['y'], [attribute.graph('body', graph([], [value('i', [], 7)], ['i', 'i']))])],
        [x, condition],
        ['y'],
      ),
      /takes 1 inputs, expected 3/,
    ],
  ])('are refused: %s', (_, g, message) => expect(refusal(() => read(model(g)))).toMatch(message));
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
