/** Models cut at random: HETERO over MINE, which takes a random half of the nodes, and CPU gives what CPU alone gives. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Core } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import { hetero } from '@cuvee/hetero';
import { cpu } from '@cuvee/plugin-cpu';
import { mine } from 'cuvee-device-mine';
import { corpusCases, modelCases } from '../../src/corpora.js';
import { execute } from '../../src/execute.js';
import type { CaseRef } from '../../src/case.js';
import { data } from '../corpus.js';

const tolerance = { rtol: 1e-3, atol: 1e-5 };
/** MINE wants whole what CPU wants whole, since it computes by its kernels. */
const coreWith = (SEED: number): Core => {
  const core = new Core({ plugins: [cpu(), mine('MINE', undefined, { keeps: cpu().keeps }), hetero()], frontends: [onnx()] });
  core.setProperty('MINE', { SUPPORT_BY: 'NODE', SUPPORTED_SHARE: 0.5, SEED });
  return core;
};
describe.each([1, 2, 3, 4, 5])('split %i', (seed) => {
  it('operations give what the corpus says', { timeout: 300_000 }, async () => {
    const core = coreWith(seed);
    const wrong: string[] = [];
    const cases = corpusCases(join(data, 'opset')).filter((_, i) => i % 60 === seed);
    for (const ref of cases) {
      const outcome = await execute(core, 'HETERO:MINE,CPU', ref, tolerance);
      // what the CPU alone does not run, its half does not either
      if (outcome.status !== 'pass' && (await execute(core, 'CPU', ref, tolerance)).status === 'pass')
        wrong.push(`${ref.id}: ${outcome.reason}`);
    }
    expect(cases.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it('a network gives what its case says', { timeout: 300_000 }, async () => {
    const [ref] = modelCases(join(data, 'models')).filter(({ id }) => id.endsWith('squeezenet')) as [CaseRef];
    expect(await execute(coreWith(seed), 'HETERO:MINE,CPU', ref, tolerance)).toMatchObject({ status: 'pass' });
  });
});
