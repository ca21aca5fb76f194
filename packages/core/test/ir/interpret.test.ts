/** @file The interpreter: order, states, bodies, the hook, and errors that name their node. */
import { describe, expect, test } from 'vitest';
import { builder, CuveeError, interpret, Literal, Model, type NdArray, type Node } from '../../src/index.js';

const nd = (shape: readonly number[], values: readonly number[]): NdArray => Literal.from('f32', shape, values).nd();
const numbers = (a: NdArray | undefined): number[] => Array.from(a?.data as Float32Array);

/** total += x in a state; the result is the total before. */
function accumulator(): Model {
  const g = builder();
  const x = g.parameter('f32', '[2]', 'x');
  const total = g.readValue(undefined, { variable_id: 'total', variable_type: 'f32', variable_shape: '2' });
  const sink = g.assign(g.add(total, x), { variable_id: 'total' });
  return new Model({ name: 'accumulator', parameters: [x.node], results: [g.result(total)], sinks: [sink.node], scope: g.scope });
}

describe('states', () => {
  test('are read as they were before the run and kept after it', () => {
    const model = accumulator();
    const variables = new Map<string, NdArray>();
    const run = (a: number, b: number): number[] => numbers(interpret(model, [nd([2], [a, b])], { variables })[0]);
    expect(run(1, 2)).toEqual([0, 0]);
    expect(run(10, 20)).toEqual([1, 2]);
    expect(run(0, 0)).toEqual([11, 22]);
    expect(numbers(variables.get('total'))).toEqual([11, 22]);
  });
  test('are fresh where none are given', () => {
    const model = accumulator();
    expect(numbers(interpret(model, [nd([2], [1, 2])])[0])).toEqual([0, 0]);
    expect(numbers(interpret(model, [nd([2], [1, 2])])[0])).toEqual([0, 0]);
  });
  test('that a body keeps move on with each of its turns', () => {
    const inner = accumulator();
    const g = builder();
    const x = g.parameter('f32', '[2]', 'x');
    const [out] = g.loop(g.constant('i64', [], [3]), g.constant('boolean', [], [true]), [x], {
      body: inner,
      inputs: [{ external: 2, internal: 0 }],
      outputs: [{ external: 0, internal: 0 }],
    });
    const model = new Model({ name: 'loop', parameters: [x.node], results: [g.result(out as NonNullable<typeof out>)], scope: g.scope });
    expect(numbers(interpret(model, [nd([2], [1, 2])], { variables: new Map() })[0])).toEqual([2, 4]);
  });
});

describe('a run', () => {
  test('rounds every value to its type before the next node reads it', () => {
    const g = builder();
    const x = g.parameter('f16', '[1]', 'x');
    const y = g.subtract(g.add(x, g.constant('f16', [1], [1])), g.constant('f16', [1], [1]));
    const model = new Model({ name: 'f16', parameters: [x.node], results: [g.result(y)], scope: g.scope });
    expect(numbers(interpret(model, [{ type: 'f16', shape: [1], data: Float32Array.of(0.0003) }])[0])).toEqual([0]);
  });
  test('goes through the hook node by node, which may stop it', () => {
    const g = builder();
    const x = g.parameter('f32', '[1]', 'x');
    const model = new Model({ name: 'm', parameters: [x.node], results: [g.result(g.negative(g.abs(x)))], scope: g.scope });
    const seen: string[] = [];
    const around = (node: Node, work: () => readonly NdArray[]): readonly NdArray[] => {
      seen.push(node.op.name);
      if (node.op.name === 'Negative') throw new Error('enough');
      return work();
    };
    expect(() => interpret(model, [nd([1], [1])], { around })).toThrow('enough');
    expect(seen).toEqual(['Abs', 'Negative']);
  });
  test('takes as many inputs as the model has parameters', () => {
    expect(() => interpret(accumulator(), [])).toThrow(/"accumulator" takes 1 inputs, 0 given/);
  });
  test('names the node that fails', () => {
    const g = builder();
    const x = g.parameter('f32', '[3]', 'x');
    const at = g.parameter('i64', '[1]', 'at');
    const model = new Model({
      name: 'm',
      parameters: [x.node, at.node],
      results: [g.result(g.gather(x, at, g.constant('i64', [], [0]), { name: 'pick' }))],
      scope: g.scope,
    });
    try {
      interpret(model, [nd([3], [1, 2, 3]), Literal.from('i64', [1], [3]).nd()]);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(CuveeError);
      expect((error as CuveeError).code).toBe('ARGUMENT_INVALID');
      expect((error as CuveeError).message).toContain('Gather "pick": index 3 is outside an axis of length 3');
    }
  });
});
