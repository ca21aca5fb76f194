/**
 * @file Cases that a seed has spoiled: another dimension, another attribute, another type. An operation either refuses with a CuveeError,
 * or what it infers still holds what it computes. Nothing else may be thrown.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CuveeError, Literal, rooms, type Op } from '../../src/index.js';
import { Random, type Case, type Cases } from '../../src/ops/cases.js';
import { evaluateCase, inferProblem } from './run.js';

const folder = new URL('../../src/ops/', import.meta.url);
const files = readdirSync(folder).filter((f) => f.endsWith('.cases.ts'));
const all = await Promise.all(files.map(async (f) => ((await import(new URL(f, folder).href)) as { default: Cases }).default));

const mutate = (r: Random, c: Case): Case => {
  const inputs = [...c.inputs];
  const i = r.int(0, Math.max(0, inputs.length - 1));
  const input = inputs[i];
  const attributes = { ...c.attributes } as Record<string, unknown>;
  const keys = Object.keys(attributes);
  const key = keys.length > 0 ? r.pick(keys) : undefined;
  const how = r.int(0, 5);
  if (how <= 2 && input && input.type !== 'string') {
    const shape = [...input.shape];
    if (how === 0 && shape.length > 0) shape[r.int(0, shape.length - 1)] = r.int(0, 4);
    else if (how === 1) shape.splice(r.int(0, shape.length), 0, r.int(1, 2));
    else shape.splice(r.int(0, Math.max(0, shape.length - 1)), 1);
    inputs[i] = r.tensor(input.type, shape, -3, 5);
  } else if (how === 3 && input && input.type !== 'string') {
    inputs[i] = Literal.from(
      r.pick(['f32', 'i32', 'i64', 'u8', 'boolean', 'f16'] as const),
      input.shape,
      Array.from(input.nd().data as ArrayLike<number>, (x) => (Number.isFinite(Number(x)) ? Math.trunc(Number(x)) : 0)),
    );
  } else if (how === 4 && inputs.length > 1) {
    inputs.splice(i, 1);
  } else if (key !== undefined) {
    const value = attributes[key];
    if (typeof value === 'number') attributes[key] = r.pick([-2, -1, 0, 1, 2, 3, 0.5]);
    else if (typeof value === 'boolean') attributes[key] = !value;
    else if (Array.isArray(value)) attributes[key] = r.pick([[], value.slice(1), [...value, 1], value.map(() => r.int(-1, 3))]);
  }
  return { ...c, inputs, attributes, outputs: undefined };
};

/** Runs it; a CuveeError is an answer, too. */
const answer = <T>(run: () => T): T | CuveeError => {
  try {
    return run();
  } catch (e) {
    if (e instanceof CuveeError) return e;
    throw e;
  }
};

describe.each(all.filter((c) => c.generate).map((c) => [c.op, c] as const))('%s', (name, { generate }) => {
  const room = rooms.get(name) as Op;
  test.runIf(generate !== undefined && room.evaluate !== undefined)('spoiled', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const r = new Random(seed * 7919);
      const run = mutate(r, (generate as NonNullable<typeof generate>)(r));
      const outputs = answer(() => evaluateCase(room, run));
      if (outputs instanceof CuveeError) {
        // A failure inside `evaluate` is a refusal only when it says so itself.
        expect(
          outputs.cause instanceof TypeError || outputs.cause instanceof RangeError
            ? `seed ${seed}: ${outputs.message}\n${String((outputs.cause as Error).stack).slice(0, 400)}`
            : '',
        ).toBe('');
        continue;
      }
      for (const knowledge of ['static', 'symbolic', 'rank unknown'] as const) {
        const problem = answer(() => inferProblem(room, run, knowledge, outputs));
        if (!(problem instanceof CuveeError))
          expect(
            problem,
            `seed ${seed}, ${knowledge}, ${JSON.stringify(run.attributes)}, ${run.inputs.map((x) => `${x?.type}[${x?.shape.join()}]`).join(' ')}`,
          ).toBeUndefined();
        else expect(knowledge, `seed ${seed}: ${problem.message}`).not.toBe('symbolic');
      }
    }
  });
});
