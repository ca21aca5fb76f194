/** @file Compares a tensor with what it should be. */
import { decode, type Tensor } from '@cuvee/core';
import type { Expected } from './case.js';

/** What is wrong, or undefined. */
export function difference(actual: Tensor | undefined, expected: Expected): string | undefined {
  const { value, tolerance } = expected;
  if (!actual) return 'the output is missing';
  if (actual.type !== value.type) return `type ${actual.type}, expected ${value.type}`;
  if (actual.shape.join() !== value.shape.join()) return `shape [${actual.shape.join(',')}], expected [${value.shape.join(',')}]`;
  if (tolerance.kind === 'shape') return undefined;
  const a = actual.values() as ArrayLike<number | bigint | string>;
  const b = decode(value.type, value.storage, value.size) as ArrayLike<number | bigint | string>;
  const exact = tolerance.kind === 'exact' || typeof b[0] === 'string' || typeof b[0] === 'bigint';
  return exact ? firstDifferent(a, b) : worst(a as ArrayLike<number>, b as ArrayLike<number>, expected);
}

function firstDifferent(a: ArrayLike<number | bigint | string>, b: ArrayLike<number | bigint | string>): string | undefined {
  let wrong = 0;
  let first = -1;
  for (let i = 0; i < b.length; i++) {
    if (a[i] === b[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i]))) continue;
    wrong++;
    if (first < 0) first = i;
  }
  return wrong === 0
    ? undefined
    : `${wrong} of ${b.length} elements differ, the first at ${first}: ${String(a[first])}, expected ${String(b[first])}`;
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>, { tolerance, scale, meanAbs }: Expected): string | undefined {
  let wrong = 0;
  let excess = 0;
  let at = -1;
  let sum = 0;
  for (let i = 0; i < b.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const delta = Math.abs(x - y);
    sum += delta;
    const over = delta - (tolerance.atol * scale + tolerance.rtol * Math.abs(y));
    if (over <= 0) continue;
    wrong++;
    if (at < 0 || over > excess || Number.isNaN(over)) [excess, at] = [over, i];
  }
  if (meanAbs !== undefined)
    return sum / b.length <= meanAbs ? undefined : `mean difference ${(sum / b.length).toExponential(2)}, allowed ${meanAbs}`;
  return wrong === 0 ? undefined : `${wrong} of ${b.length} elements beyond tolerance, the worst at ${at}: ${a[at]}, expected ${b[at]}`;
}

/** Every tensor that a device gave, by the order and the names of the model's outputs. */
export type Given = readonly { readonly names: readonly string[]; readonly tensor: Tensor }[];

/** Outputs match by name where both have names, else by position. */
export function differences(given: Given, expected: readonly Expected[]): string | undefined {
  for (const [i, want] of expected.entries()) {
    const named = want.name === undefined ? undefined : given.find((g) => g.names.includes(want.name as string));
    const wrong = difference((named ?? given[i])?.tensor, want);
    if (wrong) return `output ${want.name ?? i}: ${wrong}`;
  }
  return undefined;
}
