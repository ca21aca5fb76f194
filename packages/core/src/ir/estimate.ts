/** @file What a node is likely to cost before anything ran: bytes and floating-point operations, free sizes taken as 64 within their bounds. */
import { byteSize } from '../tensor/element.js';
import { sizeOf } from '../tensor/nd.js';
import { partialShapeOf, type Fact } from './fact.js';
import type { Node } from './node.js';

/** What a size counts as that is not known yet. */
const typical = 64;

/** Sizes as numbers. */
function sizesOf(fact: Fact): readonly number[] {
  const { dimensions } = partialShapeOf(fact);
  return (dimensions ?? [[typical, typical]]).map(([lo, hi]) => Math.min(hi, Math.max(lo, typical)));
}

/** Bytes of a tensor. */
export const bytesOf = (fact: Fact): number =>
  fact.type === 'dynamic' || fact.type === 'string' ? sizeOf(sizesOf(fact)) * 4 : byteSize(fact.type, sizeOf(sizesOf(fact)));

/** Floating-point operations of a node: as its room says, else one for each element that it makes. */
export function flopsOf({ op, inputs, outputs, attributes }: Node): number {
  const known = (fact: Fact): Fact => ({ type: fact.type, shape: sizesOf(fact) });
  const made = outputs.reduce((sum, v) => sum + sizeOf(sizesOf(v.fact)), 0);
  const own = op.traits.flops?.(
    inputs.flatMap((v) => (v ? [known(v.fact)] : [])),
    outputs.map((v) => known(v.fact)),
    attributes,
  );
  return typeof own === 'number' ? own : made;
}
