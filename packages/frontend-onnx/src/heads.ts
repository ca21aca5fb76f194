/** What the attention operators share: heads packed in the last axis, groups of query heads, masks. */
import type { Builder, Value } from '@cuvee/core';
import { dimOf, like, sizesOf, sliced, unsqueezed, type AnyNode } from './build.js';

/** [B, T, heads · D] as [B, heads, T, D]. */
export function unpacked(g: Builder, x: Value, heads: number): Value {
  return g.transpose(g.reshape(x, g.ints([0, 0, heads, -1]), { special_zero: true }), g.ints([0, 2, 1, 3]));
}

/** [B, heads, T, D] as [B, T, heads · D]. */
export function packed(g: Builder, x: Value): Value {
  return g.reshape(g.transpose(x, g.ints([0, 2, 1, 3])), g.ints([0, 0, -1]), { special_zero: true });
}

/** Each of the axis-1 heads `times` times in a row. */
export function repeatedHeads(g: Builder, x: Value, times: number): Value {
  if (times === 1) return x;
  const tiled = g.tile(g.unsqueeze(x, g.ints([2])), g.ints([1, 1, times, 1, 1]));
  const heads = dimOf(x, 1);
  const size = heads === undefined ? g.multiply(sizesOf(g, x, [1]), g.ints([times])) : g.ints([heads * times]);
  return g.reshape(tiled, g.concat([sizesOf(g, x, [0]), size, sizesOf(g, x, [2, 3])], { axis: 0 }), { special_zero: false });
}

/** How many query heads share one key head. Throws MODEL_INVALID when they do not divide. */
export function groupSize(node: AnyNode, queryHeads: number | undefined, keyHeads: number | undefined): number {
  if (queryHeads === undefined || keyHeads === undefined) throw node.unsupported('numbers of heads that only the run tells');
  if (keyHeads < 1 || queryHeads % keyHeads !== 0) throw node.invalid(`${queryHeads} query heads cannot share ${keyHeads} key heads`);
  return queryHeads / keyHeads;
}

/** 0 where the condition holds, -inf elsewhere. */
export const bias = (g: Builder, allowed: Value, x: Value): Value => g.select(allowed, like(g, x, 0), like(g, x, Number.NEGATIVE_INFINITY));

/** A 1-D tensor along one of `rank` axes. */
export const along = (g: Builder, line: Value, axis: number, rank: number): Value =>
  unsqueezed(
    g,
    line,
    Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis),
  );

/** [batch, a, b, size] with the first `size` elements of the last axis turned, in pairs of neighbours (`interleaved`) or of halves, by angles. */
export function rotated(g: Builder, x: Value, size: number, cos: Value, sin: Value, interleaved: boolean): Value {
  const [half, end] = [size / 2, Number.MAX_SAFE_INTEGER];
  const whole = dimOf(x, 3) === size;
  const turning = whole ? x : sliced(g, x, 3, 0, size);
  const pick = (i: number): Value => (interleaved ? sliced(g, turning, 3, i, end, 2) : sliced(g, turning, 3, i * half, (i + 1) * half));
  const [a, b] = [pick(0), pick(1)];
  const real = g.subtract(g.multiply(cos, a), g.multiply(sin, b));
  const imaginary = g.add(g.multiply(sin, a), g.multiply(cos, b));
  const pairs = (): Value => g.concat([unsqueezed(g, real, [4]), unsqueezed(g, imaginary, [4])], { axis: 4 });
  const joined = interleaved
    ? g.reshape(pairs(), g.ints([0, 0, 0, size]), { special_zero: true })
    : g.concat([real, imaginary], { axis: 3 });
  return whole ? joined : g.concat([joined, sliced(g, x, 3, size, end)], { axis: 3 });
}

/** Each score limited to ± `cap` by a hyperbolic tangent; as it is without a cap. */
export function capped(g: Builder, scores: Value, cap: number): Value {
  return cap > 0 ? g.multiply(g.tanh(g.divide(scores, like(g, scores, cap))), like(g, scores, cap)) : scores;
}

/** A cache with what is new behind it, along axis 2. */
export const cached = (g: Builder, past: Value | undefined, now: Value): Value => (past ? g.concat([past, now], { axis: 2 }) : now);
