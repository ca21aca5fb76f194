/** @file Reductions → family `reduce`, shares of edges → family `edges`, softmax → family `softmax`. */
import { normalizeAxis, numbersOf, type Node } from '@cuvee/core';
import type { Lowering, LoweringTable } from '../compile/lowering.js';
import { computeType } from '../ops/elementwise.js';
import { names } from '../ops/names.js';

const actions: Readonly<Record<string, string>> = {
  ReduceSum: 'sum',
  [names.mean]: 'mean',
  ReduceMax: 'max',
  ReduceMin: 'min',
  ReduceProd: 'prod',
  ReduceL1: 'l1',
  ReduceL2: 'l2',
  ReduceLogicalAnd: 'and',
  ReduceLogicalOr: 'or',
};

/** Axes from the front; undefined when they are not constant. */
function axesOf(node: Node): number[] | undefined {
  const literal = node.inputs[1]?.fact.value;
  return literal && [...new Set(numbersOf(literal.nd()).map((a) => normalizeAxis(a, node.inputs[0]?.fact.shape?.length ?? 0)))];
}

const reducing: Lowering = {
  opens: true,
  refuse(node) {
    const type = node.inputs[0]?.fact.type;
    if (!type || !computeType(type)) return `element type ${type}`;
    if ((node.inputs[0]?.fact.shape?.length ?? 0) > 48) return 'more than 48 axes';
    return undefined;
  },
  lower(c) {
    const axes = axesOf(c.node);
    if (!axes) {
      c.emit(
        'reduce',
        actions[c.node.op.name] as string,
        [c.input(0), c.input(1)],
        [c.output()],
        [c.node.attributes.keep_dims === true ? 1 : 0],
      );
      return;
    }
    const mask = axes.reduce((bits, a) => bits | (1n << BigInt(a)), 0n);
    const spatial =
      c.fact(0).shape?.length === 4 && c.layout(0) === 'blocked' && c.node.attributes.keep_dims === true && axes.every((a) => a >= 2);
    const layout = spatial ? 'blocked' : 'plain';
    c.emit('reduce', actions[c.node.op.name] as string, [c.input(0, layout)], [c.output(0, layout)], [mask]);
  },
};

const floating = new Set(['f16', 'bf16', 'f32', 'f64']);
const softmax = (action: string): Lowering => ({
  refuse: (node) => (floating.has(node.output.fact.type) ? undefined : `element type ${node.output.fact.type}`),
  lower: (c) =>
    c.emit('softmax', action, [c.input(0)], [c.output()], [normalizeAxis(c.node.attributes.axis as number, c.fact(0).shape?.length ?? 0)]),
});

const edges = (action: string): Lowering => ({
  refuse: (node) => (node.input(0).fact.type === 'f32' ? undefined : `element type ${node.input(0).fact.type}`),
  lower: (c) =>
    c.emit(
      'edges',
      action,
      [c.input(0, 'blocked')],
      [c.output(0, 'blocked')],
      action === 'enlarged' ? [c.node.attributes.shift as number] : [],
    ),
});

export const reduce: LoweringTable = {
  EdgeShares: edges(''),
  EnlargedShares: edges('enlarged'),
  WindowMeans: edges('windows'),
  MiddleShare: edges('middle'),
  ...Object.fromEntries(Object.keys(actions).map((name) => [name, reducing])),
  Softmax: softmax('plain'),
  LogSoftmax: softmax('log'),
};
