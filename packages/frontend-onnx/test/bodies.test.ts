import { Literal, type NdArray } from '@cuvee/core';
import { describe, expect, it } from 'vitest';
import type { GraphProto } from '../src/proto/index.js';
import { attribute, f32, floats, graph, model, node, read, refusal, run, value } from './models.js';

const x = value('x', [2]);

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
