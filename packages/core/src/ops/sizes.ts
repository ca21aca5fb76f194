/** @file Sizes inside decompositions: numbers where they are known, one-element i64 values where not. */
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';

/** A size that is known, or an i64 value of shape [1]. */
export type Size = number | Value;

/** Sizes of a value whose rank is known; undefined otherwise. */
export function sizesOf(g: Builder, x: Value): Size[] | undefined {
  const { shape } = x.fact;
  if (!shape) return undefined;
  let whole: Value | undefined;
  return shape.map((d, i): Size => {
    if (typeof d === 'number') return d;
    whole ??= g.shapeOf(x, {});
    return g.slice(whole, g.ints([i]), g.ints([i + 1]), g.ints([1]), undefined, {});
  });
}

export const sizeValue = (g: Builder, s: Size): Value => (typeof s === 'number' ? g.ints([s]) : s);

export function times(g: Builder, a: Size, b: Size): Size {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  return a === 1 ? b : b === 1 ? a : g.multiply(sizeValue(g, a), sizeValue(g, b), {});
}

export function plus(g: Builder, a: Size, b: Size): Size {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  return a === 0 ? b : b === 0 ? a : g.add(sizeValue(g, a), sizeValue(g, b), {});
}

/** ⌊a / b⌋ for b > 0. */
export function over(g: Builder, a: Size, b: Size): Size {
  if (typeof a === 'number' && typeof b === 'number') return Math.floor(a / b);
  return b === 1 ? a : g.divide(sizeValue(g, a), sizeValue(g, b), {});
}

/** The sizes as one 1-D value: a shape, a pattern, repeats. */
export function shapeValue(g: Builder, sizes: readonly Size[]): Value {
  if (sizes.every((s) => typeof s === 'number')) return g.ints(sizes as number[]);
  const parts: Value[] = [];
  let run: number[] = [];
  for (const s of sizes) {
    if (typeof s === 'number') run.push(s);
    else {
      if (run.length > 0) parts.push(g.ints(run));
      run = [];
      parts.push(s);
    }
  }
  if (run.length > 0) parts.push(g.ints(run));
  return parts.length === 1 ? (parts[0] as Value) : g.concat(parts, { axis: 0 });
}

/** A reshape to known and unknown sizes. */
export const reshaped = (g: Builder, x: Value, sizes: readonly Size[]): Value => g.reshape(x, shapeValue(g, sizes), {});

/** 0, 1, … up to a size, as i64. */
export function counting(g: Builder, size: Size): Value {
  if (typeof size === 'number') return g.ints(Array.from({ length: size }, (_, i) => i));
  const zero = g.constant('i64', [], [0]);
  return g.range(zero, g.squeeze(size, g.ints([0]), {}), g.constant('i64', [], [1]), { output_type: 'i64' });
}
