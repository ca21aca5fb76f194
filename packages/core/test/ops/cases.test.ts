import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rooms, type Op } from '../../src/index.js';
import { Random, type Case, type Cases } from '../../src/ops/cases.js';
import { decomposeCase, difference, evaluateCase, inferProblem } from './run.js';

const folder = new URL('../../src/ops/', import.meta.url);
const files = readdirSync(folder).filter((f) => f.endsWith('.cases.ts'));
const all = await Promise.all(files.map(async (f) => ((await import(new URL(f, folder).href)) as { default: Cases }).default));
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe.each(all.map((c) => [c.op, c] as const))('%s', (name, { named, generate, tolerance }) => {
  const room = rooms.get(name) as Op;
  const runs: readonly (readonly [string, Case])[] = [
    ...named.map((c, i) => [c.name ?? `case ${i}`, c] as const),
    ...(generate ? seeds.map((seed) => [`seed ${seed}`, generate(new Random(seed))] as const) : []),
  ];

  test('has a room and named cases with outputs', () => {
    expect(room).toBeDefined();
    expect(named.length).toBeGreaterThan(0);
  });

  test.each(runs)('%s', (_, run) => {
    const outputs = evaluateCase(room, run);
    run.outputs?.forEach((o, i) =>
      expect(difference(outputs[i] as (typeof outputs)[number], o.nd(), tolerance), `output ${i}`).toBeUndefined(),
    );
    for (const knowledge of ['static', 'symbolic', 'rank unknown'] as const)
      expect(inferProblem(room, run, knowledge, outputs), `infer, ${knowledge}`).toBeUndefined();
    decomposeCase(room, run)?.forEach((o, i) =>
      expect(difference(o, outputs[i] as typeof o, tolerance), `decomposed, output ${i}`).toBeUndefined(),
    );
  });
});
