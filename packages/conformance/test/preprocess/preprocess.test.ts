/**
 * Preprocessing beside OpenVINO's: the results of `cases.json`, made by `openvino_run.py` (version and seed in README.md), on every
 * device.
 */
import { describe, expect, test } from 'vitest';
import { Core, CuveeError } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { difference, prepare, readCombinations, runOn } from './combination.js';
import { allowed, within } from './tolerance.js';

const { combinations, bytes } = readCombinations(new URL('./', import.meta.url));
const core = new Core({ plugins: [cpu(), reference()], frontends: [] });
const built = combinations.filter((c) => c.refused === undefined);

test('there are as many combinations as promised', () => {
  expect(built.length).toBeGreaterThanOrEqual(200);
  expect(new Set(combinations.map((c) => c.name)).size).toBe(combinations.length);
});

describe.each(['REFERENCE', 'CPU'])('on %s', (device) => {
  test.each(built.map((c) => [c.name, c] as const))('%s', async (_, c) => {
    const d = difference(c, bytes, await runOn(core, device, c));
    expect(within(d, allowed(c)), JSON.stringify(d)).toBe(true);
  });
});

test.each(combinations.filter((c) => c.refused !== undefined).map((c) => [c.name, c.refused, c] as const))(
  '%s, as OpenVINO: %s',
  (_, __, c) => {
    expect(() => prepare(c)).toThrow(CuveeError);
  },
);
