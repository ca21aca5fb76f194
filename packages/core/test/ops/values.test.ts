/** @file Value facts through chains of operations: shapes that models compute are known before the run, as expressions. */
import { describe, expect, test } from 'vitest';
import { builder, printFact, type Value } from '../../src/index.js';

/** [1, 3, h, w] with a symbol for each open dimension, and the sizes of h and w as scalars of i64. */
function picture() {
  const g = builder();
  const x = g.parameter('f32', '[1,3,?,?]', 'x');
  const shape = g.shapeOf(x);
  const size = (axis: number): Value => g.gather(shape, g.ints([axis]), g.scalar(0, 'i64'));
  return { g, x, h: size(2), w: size(3) };
}
const shapeOf = (v: Value): string => printFact(v.fact).replaceAll(/x\.\d/g, (s) => (s === 'x.2' ? 'h' : 'w'));

describe('a resize', () => {
  test('by sizes that a factor made', () => {
    const { g, x, h, w } = picture();
    const half = (v: Value): Value =>
      g.convert(g.floor(g.multiply(g.convert(v, { destination_type: 'f32' }), g.constant('f32', [], [0.5]))), { destination_type: 'i64' });
    const sizes = g.concat([half(h), half(w)], { axis: 0 });
    expect(shapeOf(g.interpolate(x, sizes, g.ints([2, 3]), { mode: 'nearest', shape_calculation_mode: 'sizes' }))).toBe(
      'f32 [1,3,h/2,w/2]',
    );
  });
  test('whose sizes meet in f32 before they are rounded', () => {
    const { g, x, h, w } = picture();
    const both = g.multiply(g.convert(g.concat([h, w], { axis: 0 }), { destination_type: 'f32' }), g.constant('f32', [2], [2, 0.25]));
    const sizes = g.convert(g.ceiling(both), { destination_type: 'i32' });
    expect(shapeOf(g.interpolate(x, sizes, g.ints([2, 3]), { mode: 'nearest', shape_calculation_mode: 'sizes' }))).toBe(
      'f32 [1,3,2*h,ceil(w/4)]',
    );
  });
  test('to a multiple of 32', () => {
    const { g, x, h, w } = picture();
    const up = (v: Value): Value => g.multiply(g.divide(g.add(v, g.ints([31])), g.ints([32])), g.ints([32]));
    expect(
      shapeOf(
        g.interpolate(x, g.concat([up(h), up(w)], { axis: 0 }), g.ints([2, 3]), { mode: 'nearest', shape_calculation_mode: 'sizes' }),
      ),
    ).toBe('f32 [1,3,32*ceil(h/32),32*ceil(w/32)]');
  });
});

describe('conditions', () => {
  test('that bounds decide pick a branch', () => {
    const { g, x, h } = picture();
    const never = g.less(h, g.ints([0]));
    expect(shapeOf(g.broadcast(g.scalar(0, x), g.select(never, g.ints([7]), h), undefined))).toBe('f32 [h]');
  });
  test('that stay open make a conditional size', () => {
    const { g, x, h } = picture();
    const at = g.select(g.greater(h, g.ints([8])), g.ints([8]), h);
    expect(shapeOf(g.broadcast(g.scalar(0, x), at, undefined))).toMatch(/^f32 \[(min\(.*\)|sel\(.*\))\]$/);
  });
});

describe('arithmetic that wraps', () => {
  test('is not taken for sizes', () => {
    const g = builder();
    const sum = g.add(g.constant('u8', [1], [200]), g.constant('u8', [1], [100]));
    expect(Array.from(sum.fact.value?.nd().data as Uint8Array)).toEqual([44]);
    expect(sum.fact.elements).toBeUndefined();
  });
  test('of constants is what the operation computes', () => {
    const g = builder();
    const sum = g.add(g.constant('i32', [1], [2147483647]), g.constant('i32', [1], [1]));
    expect(Array.from(sum.fact.value?.nd().data as Int32Array)).toEqual([-2147483648]);
  });
  test('of sentinels is unknown, not an error', () => {
    const g = builder();
    const x = g.parameter('i64', '[1]', 'x');
    const far = g.constant('i64', [1], [9223372036854775807n]);
    expect(printFact(g.multiply(g.concat([x, far], { axis: 0 }), g.ints([2])).fact)).toBe('i64 [2]');
  });
});
