/**
 * @file Normalisations and running sums.
 *
 * mvn: inputs [data, scale, shift], the last two f32 with one number for each element of a row of the last axes (-1: none); args [bits of
 * the axes, whether variance is brought to 1, whether epsilon is inside the root, epsilon].
 * lrn: args [alpha, beta, bias, size, bits of the axes]; a blocked tensor across its channels alone, size at most 16. cumsum: inputs [data, axis]; args [exclusive, reverse].
 */
import { normalizeAxis, numbersOf, type Node } from '@cuvee/core';
import type { Lowering, LoweringTable } from '../compile/lowering.js';
import { computeType } from '../ops/elementwise.js';
import { names } from '../ops/names.js';

/** Axes as bits, from the second input; undefined when they are not constant. */
function axisBits(node: Node): bigint | undefined {
  const literal = node.inputs[1]?.fact.value;
  const rank = node.input(0).fact.shape?.length ?? 0;
  return literal && numbersOf(literal.nd()).reduce((bits, a) => bits | (1n << BigInt(normalizeAxis(a, rank))), 0n);
}

function refuse(node: Node): string | undefined {
  if (!computeType(node.output.fact.type)) return `element type ${node.output.fact.type}`;
  if ((node.output.fact.shape?.length ?? 0) > 48) return 'more than 48 axes';
  return axisBits(node) === undefined ? 'axes that are not constant' : undefined;
}

const mvn: Lowering = {
  refuse,
  lower(c) {
    const { normalize_variance, eps, eps_mode } = c.node.attributes as { normalize_variance: boolean; eps: number; eps_mode: string };
    c.emit(
      'mvn',
      '',
      [c.input(0), c.input(2), c.input(3)],
      [c.output()],
      [axisBits(c.node) as bigint, normalize_variance ? 1 : 0, eps_mode.toUpperCase() === 'INSIDE_SQRT' ? 1 : 0, { float: eps }],
    );
  },
};

const lrn: Lowering = {
  refuse,
  lower(c) {
    const { alpha, beta, bias, size } = c.node.attributes as { alpha: number; beta: number; bias: number; size: number };
    const axes = axisBits(c.node) as bigint;
    const { type, shape } = c.node.output.fact;
    const layout = type === 'f32' && shape?.length === 4 && axes === 2n && size <= 16 ? 'blocked' : 'plain';
    c.emit('lrn', '', [c.input(0, layout)], [c.output(0, layout)], [{ float: alpha }, { float: beta }, { float: bias }, size, axes]);
  },
};

const cumsum: Lowering = {
  refuse: (node) => (computeType(node.output.fact.type) ? undefined : `element type ${node.output.fact.type}`),
  lower: (c) => c.emit('cumsum', '', c.inputs(), [c.output()], [c.node.attributes.exclusive ? 1 : 0, c.node.attributes.reverse ? 1 : 0]),
};

export const normalization: LoweringTable = { [names.normalization]: mvn, FusedMVN: mvn, LRN: lrn, CumSum: cumsum };
