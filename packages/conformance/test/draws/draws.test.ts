/**
 * Draws of every operation, the CPU at each instruction set against the room's `evaluate`: other shapes, attributes, types and values
 * than the cases have. Both refuse with a reason, or both give the same.
 *
 * CUVEE_DRAWS: how many for each operation. CUVEE_DRAWS_FROM: the first seed. CUVEE_OPS: which operations, with commas between them.
 * CUVEE_ISA: one instruction set instead of all. All findings lie in `build/draws.json`. To repeat one:
 * CUVEE_OPS=max-pool CUVEE_DRAWS=1 CUVEE_DRAWS_FROM=17 CUVEE_ISA=avx2 npx vitest run packages/conformance/test/draws
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bundled, runLanes } from '../robust/lanes.js';
import type { DrawAnswer, DrawJob } from './draw.child.js';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const env = process.env;
const count = Number(env['CUVEE_DRAWS'] ?? 4);
const first = Number(env['CUVEE_DRAWS_FROM'] ?? 0);
const files = readdirSync(path('../../../core/src/ops'))
  .filter((f) => f.endsWith('.cases.ts'))
  .map((f) => f.slice(0, -'.cases.ts'.length))
  .filter((f) => env['CUVEE_OPS']?.split(',').includes(f) ?? true);
const wide = process.arch === 'x64' ? ['scalar', 'avx2', 'avx512'] : ['scalar'];
const isas = env['CUVEE_ISA'] ? [env['CUVEE_ISA']] : wide;

it(`${count} draws of ${files.length} operations`, { timeout: 60_000 + count * files.length * 200 }, async () => {
  const child = bundled(new URL('./draw.child.ts', import.meta.url), 'draw.child.js', {
    alias: { '@cuvee/core': path('../../../core/src/index.ts'), '@cuvee/plugin-cpu': path('../../../plugin-cpu/src/index.ts') },
  });
  const jobs = files.flatMap((file) => Array.from({ length: count }, (_, i): DrawJob => ({ file, seed: first + i, isas })));
  const outcomes = { agreed: 0, refused: 0, 'too large': 0, wrong: 0 };
  const wrong: object[] = [];
  await runLanes<DrawJob, DrawAnswer>(
    jobs,
    { child, limitMs: 60_000, env: { CUVEE_CPU_BINARY: path('../../../plugin-cpu/build/cuvee_cpu.node') } },
    ({ file, seed }, answer) => {
      const dead = 'dead' in answer;
      outcomes[dead ? 'wrong' : answer.outcome]++;
      if (dead) wrong.push({ file, seed, problems: [answer.dead] });
      else if (answer.outcome === 'wrong') wrong.push({ file, seed, ...answer });
    },
  );
  writeFileSync(path('../../build/draws.json'), JSON.stringify({ outcomes, wrong }, null, 1));
  expect(wrong).toEqual([]);
  // Most of them must say something.
  expect(outcomes.agreed).toBeGreaterThan(jobs.length / 4);
});
