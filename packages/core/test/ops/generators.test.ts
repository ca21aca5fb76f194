/** @file The random sources against published vectors. */
import { expect, test } from 'vitest';
import { mersenneTwister, philox } from '../../src/ops/generators.js';

const hex = (words: readonly number[]): string => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');

/** Known answers of Random123 for philox4x32-10. */
test('Philox 4x32-10', () => {
  expect(hex(philox(0n, 0n, 0n))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  expect(hex(philox(0xffffffffffffffffn, 0xffffffffffffffffn, 0xffffffffffffffffn))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  expect(hex(philox(0x299f31d0a4093822n, 0x85a308d3243f6a88n, 0x0370734413198a2en))).toBe('d16cfe09 94fdcceb 5001e420 24126ea1');
});

/** First words for the default seed, and the 10000th, which the C++ standard names. */
test('Mersenne twister 19937', () => {
  const next = mersenneTwister(5489);
  expect([next(), next(), next()]).toEqual([3499211612, 581869302, 3890346734]);
  for (let i = 3; i < 9999; i++) next();
  expect(next()).toBe(4123659995);
});
