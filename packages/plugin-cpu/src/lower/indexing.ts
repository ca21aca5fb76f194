/** @file Operations that read or write where data say, and those that make elements by a rule; see native/kernels/indexing. */
import { bitsOf, normalizeAxis, type Dim, type Node } from '@cuvee/core';
import type { Lowering, LoweringContext, LoweringTable } from '../compile/lowering.js';
import { computeType } from '../ops/elementwise.js';
import { names } from '../ops/names.js';

/** Elements are moved as whole bytes, and indices read so. */
const movable = (node: Node): string | undefined => {
  const narrow = [...node.inputs, node.output].find((v) => v && bitsOf(v.fact.type) < 8);
  return narrow && `element type ${narrow.fact.type}`;
};

const arithmetic = (node: Node): string | undefined =>
  computeType(node.output.fact.type) ? undefined : `element type ${node.output.fact.type}`;

const rankOf = (c: LoweringContext, i: number): number => c.fact(i).shape?.length ?? 0;
const axisOf = (c: LoweringContext, axis: unknown): number => normalizeAxis(axis as number, rankOf(c, 0));

/** Families that allocate what they make. */
const opening = new Set(['non_zero', 'gather', 'gather_nd', 'range', 'one_hot', 'top_k', 'unique']);

/** A step over all inputs with these arguments. */
const simple = (
  family: string,
  args: (c: LoweringContext) => Dim[] = () => [],
  refuse: (node: Node) => string | undefined = movable,
): Lowering => ({
  refuse,
  opens: opening.has(family),
  lower: (c) => c.emit(family, '', c.inputs(), c.outputs(), args(c)),
});

/** Scatters with a reduction calculate, others only move. */
const scattering = (family: string): Lowering => ({
  refuse: (node) => (node.attributes.reduction === 'none' ? movable(node) : arithmetic(node)),
  lower: (c) =>
    c.emit(
      family,
      c.node.attributes.reduction as string,
      c.inputs(),
      c.outputs(),
      family === 'scatter_elements' ? [c.node.attributes.use_init_val === false ? 0 : 1] : [],
    ),
});

const padding: Lowering = {
  refuse: (node) =>
    movable(node) ??
    ([1, 2].every((i) => typeof node.inputs[i]?.fact.shape?.[0] === 'number') ? undefined : 'pads whose number only the run tells'),
  lower(c) {
    const begin = c.dims(1);
    const end = c.dims(2);
    c.emit(
      'pad',
      c.node.attributes.pad_mode as string,
      [c.input(0), c.input(3)],
      [c.output()],
      begin.flatMap((d, i) => [d, end[i] as Dim]),
    );
  },
};

export const indexing: LoweringTable = {
  NonZero: simple(
    'non_zero',
    () => [],
    (node) => (computeType(node.input(0).fact.type) ? undefined : `element type ${node.input(0).fact.type}`),
  ),
  [names.gather]: simple('gather', (c) => {
    const batch = c.node.attributes.batch_dims as number;
    return [batch < 0 ? batch + rankOf(c, 1) : batch];
  }),
  GatherElements: simple('gather_elements', (c) => [axisOf(c, c.node.attributes.axis)]),
  GatherND: simple('gather_nd', (c) => [c.node.attributes.batch_dims as number]),
  ScatterUpdate: simple('scatter'),
  ScatterElementsUpdate: scattering('scatter_elements'),
  ScatterNDUpdate: scattering('scatter_nd'),
  Pad: padding,
  ReverseSequence: simple('reverse_sequence', (c) => [axisOf(c, c.node.attributes.batch_axis), axisOf(c, c.node.attributes.seq_axis)]),
  Range: simple('range', () => [], arithmetic),
  OneHot: simple('one_hot', (c) => [
    normalizeAxis(c.node.attributes.axis as number, rankOf(c, 0) + 1),
    c.node.attributes.negative_indices_mode === 'normalize' ? 1 : 0,
  ]),
  Unique: simple(
    'unique',
    (c) => [c.node.attributes.sorted === false ? 0 : 1],
    (node) => (computeType(node.input(0).fact.type) ? movable(node) : `element type ${node.input(0).fact.type}`),
  ),
  TopK: simple(
    'top_k',
    (c) => [axisOf(c, c.node.attributes.axis), c.node.attributes.mode === 'min' ? 1 : 0, c.node.attributes.sort === 'index' ? 1 : 0],
    arithmetic,
  ),
};
