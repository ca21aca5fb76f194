/**
 * Every operation's named and generated cases on the CPU against the room's `evaluate`, with sizes known and unknown.
 *
 * What the device refuses is listed in `ops/refused.ts`. An entry of that list whose cases run is a failure, so that the list stays true.
 * CUVEE_ISA chooses the instruction set; CUVEE_OPS names the operations to try, with commas between them; CUVEE_WRITE_REFUSED=1
 * writes the list anew.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Core, CuveeError, rooms, type NdArray, type Op } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random, type Case, type Cases } from '../../core/src/ops/cases.js';
import { difference, evaluateCase, modelOf, stored, type Knowledge } from '../../core/test/ops/run.js';
import { refused } from './ops/refused.js';
import { runOnCpu } from './interpreted.js';

const folder = new URL('../../core/src/ops/', import.meta.url);
const files = readdirSync(folder).filter((f) => f.endsWith('.cases.ts'));
const every = await Promise.all(files.map(async (f) => ((await import(new URL(f, folder).href)) as { default: Cases }).default));
const wanted = process.env.CUVEE_OPS?.split(',');
const all = wanted ? every.filter((c) => wanted.includes(c.op)) : every;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const core = new Core({ plugins: [cpu()], frontends: [] });

/** What is wrong: a text; `refused: …` where the device does not take the model; undefined: nothing. */
async function problem(
  room: Op,
  one: Case,
  knowledge: Knowledge,
  expected: readonly NdArray[],
  tolerance: Cases['tolerance'],
): Promise<string | undefined> {
  const { model, parameters } = modelOf(room, one, knowledge);
  try {
    const actual = await runOnCpu(core, model, parameters);
    const found = expected.map((e, i) => difference(actual[i] as NdArray, e, tolerance)).findIndex((d) => d !== undefined);
    return found < 0 ? undefined : `output ${found}: ${difference(actual[found] as NdArray, expected[found] as NdArray, tolerance)}`;
  } catch (error) {
    if (!(error instanceof CuveeError)) throw error;
    return error.code === 'MODEL_UNSUPPORTED' ? `refused: ${error.message}` : `${error.code}: ${error.message}`;
  }
}

/** Operation → what the device said, and whether other cases ran. */
const found = new Map<string, { readonly why: string; readonly some: boolean }>();

afterAll(() => {
  if (process.env.CUVEE_WRITE_REFUSED !== '1' || wanted) return;
  const lines = [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { why, some }]) => `  ${name}: { why: '${why}'${some ? ', some: true' : ''} },\n`);
  writeFileSync(
    new URL('./ops/refused.ts', import.meta.url),
    [
      "/** @file Operations that the CPU does not run, or not with every attribute and type, and why: the operations that lack a kernel, or the kernel's limit. */\n\n",
      '/** `some`: only some of the cases are refused. */\n',
      'export const refused: Readonly<Record<string, { readonly why: string; readonly some?: true }>> = {\n',
      ...lines,
      '};\n',
    ].join(''),
  );
});

/** The reasons of refusals, each once. */
const reasons = (refusals: Iterable<string>): string =>
  [
    ...new Set(
      [...refusals]
        .flatMap((r) => (/cannot run "[^"]*": (.*); first at/.exec(r)?.[1] ?? r).split(/, (?=[A-Z])/))
        .map((r) => r.replace(/ × \d+/, '')),
    ),
  ]
    .filter((r) => !r.startsWith('Result'))
    .sort()
    .join(', ')
    .replace(/'/g, '');

describe.each(all.map((c) => [c.op, c] as const))('%s', (name, { named, generate, tolerance }) => {
  const room = rooms.get(name) as Op;
  const runs: readonly (readonly [string, Case])[] = [
    ...named.map((c, i) => [c.name ?? `case ${i}`, c] as const),
    ...(generate ? seeds.map((seed) => [`seed ${seed}`, generate(new Random(seed))] as const) : []),
  ];

  test('on the CPU', async () => {
    const problems: string[] = [];
    const refusals = new Set<string>();
    let ran = 0;
    for (const [title, one] of runs) {
      const expected = one.outputs?.map((o) => stored(o.nd())) ?? evaluateCase(room, one);
      for (const knowledge of ['static', 'symbolic'] as const) {
        const found = await problem(room, one, knowledge, expected, tolerance);
        if (found?.startsWith('refused: ')) refusals.add(`${title}, ${knowledge}: ${found}`);
        else if (found) problems.push(`${title}, ${knowledge}: ${found}`);
        else ran++;
      }
    }
    if (refusals.size > 0) found.set(name, { why: reasons(refusals), some: ran > 0 });
    const listed = refused[name];
    if (!listed) problems.push(...refusals);
    else if (listed.some !== true && ran > 0) problems.push(`listed as refused, but ${ran} runs succeeded`);
    else if (refusals.size === 0) problems.push('listed as refused, but nothing was');
    expect(problems).toEqual([]);
  });
});
