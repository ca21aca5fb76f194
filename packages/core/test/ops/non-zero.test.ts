import { builder, Literal } from '@cuvee/core';
import { describe, expect, it } from 'vitest';

describe('NonZero of a repeated element', () => {
  it.each([
    [2, '[2,30000]'],
    [0, '[2,0]'],
  ])('%d: its size is known without a look at the elements', (element, shape) => {
    const g = builder();
    const filled = g.broadcast(g.constant(Literal.scalar('i64', element)), g.ints([300, 100]), undefined);
    expect(String(g.nonZero(filled).partialShape)).toBe(shape);
  });

  it('of anything else is bounded by its input', () => {
    const g = builder();
    const x = g.parameter('f32', '1,100');
    expect(String(g.nonZero(g.broadcast(x, g.ints([300, 100]), undefined)).partialShape)).toBe('[2,..30000]');
  });
});
