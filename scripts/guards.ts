/** @file All guards, asserted: `npm run guards`. */
import { addresses } from './addresses.js';
import { dependencies } from './dependencies.js';
import { duplicates } from './duplicates.js';
import { type Guard, report } from './lib/guard.js';
import { scatter } from './scatter.js';
import { size } from './size.js';

const runs: readonly [Guard, readonly string[]][] = [
  [size, []],
  [dependencies, []],
  [duplicates, []],
  [addresses, []],
  [scatter, ['Softmax']],
  [scatter, []],
];

process.exitCode = Math.max(...runs.map(([guard, words]) => report(guard, [...words, '--assert'])));
