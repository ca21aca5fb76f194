/** Models cut at random: HETERO over MINE, which takes a random half of the nodes, and CPU gives what CPU alone gives. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Core, type CuveeError } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import { hetero } from '@cuvee/hetero';
import { cpu } from '@cuvee/plugin-cpu';
import { mine } from 'cuvee-device-mine';
import { corpusCases, modelCases } from '../../src/corpora.js';
import { execute, inferences } from '../../src/execute.js';
import type { CaseRef } from '../../src/case.js';
import { data } from '../corpus.js';

const tolerance = { rtol: 1e-3, atol: 1e-5 };
/** One in so many operations' cases: 60, or as CUVEE_SPLIT_EVERY says; 1: all of them, and all networks. */
const every = Number(process.env.CUVEE_SPLIT_EVERY ?? 60);
const networks = modelCases(join(data, 'models')).filter(({ id }) => every === 1 || id.endsWith('squeezenet'));

/** MINE wants whole what CPU wants whole, since it computes by its kernels. */
const coreWith = (SEED: number): Core => {
  const core = new Core({ plugins: [cpu(), mine('MINE', undefined, { keeps: cpu().keeps }), hetero()], frontends: [onnx()] });
  core.setProperty('MINE', { SUPPORT_BY: 'NODE', SUPPORTED_SHARE: 0.5, SEED });
  return core;
};

/** Every output of a case as text and bytes; the error where it fails. */
async function outputsOf(core: Core, device: string, ref: CaseRef): Promise<readonly (string | Uint8Array)[]> {
  const all: (string | Uint8Array)[] = [];
  try {
    for await (const { where, given } of inferences(core, device, ref, tolerance))
      for (const { tensor } of given) {
        const { data: values } = tensor;
        all.push(`${where}${tensor.type} ${tensor.shape.join()}`);
        all.push(
          Array.isArray(values) ? JSON.stringify(values) : new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice(),
        );
      }
  } catch (error) {
    return [(error as CuveeError).code];
  }
  return all;
}

describe.each([1, 2, 3, 4, 5])('split %i', (seed) => {
  const cases = corpusCases(join(data, 'opset')).filter((_, i) => i % every === seed % every);
  it('operations give what the corpus says', { timeout: 900_000 }, async () => {
    const core = coreWith(seed);
    const wrong: string[] = [];
    for (const ref of cases) {
      const outcome = await execute(core, 'HETERO:MINE,CPU', ref, tolerance);
      // what the CPU alone does not run, its half does not either
      if (outcome.status !== 'pass' && (await execute(core, 'CPU', ref, tolerance)).status === 'pass')
        wrong.push(`${ref.id}: ${outcome.reason}`);
    }
    expect(cases.length).toBeGreaterThan(20);
    expect(wrong).toEqual([]);
  });

  it('networks give what their cases say', { timeout: 900_000 }, async () => {
    expect(networks.length).toBeGreaterThan(0);
    for (const ref of networks)
      expect(await execute(coreWith(seed), 'HETERO:MINE,CPU', ref, tolerance), ref.id).toMatchObject({ status: 'pass' });
  });

  it('equal the CPU bit for bit where nothing is joined', { timeout: 900_000 }, async () => {
    const core = coreWith(seed);
    core.setProperty('CPU', { CUVEE_FUSION: false });
    const other: string[] = [];
    for (const ref of [...cases.filter((_, i) => every === 1 || i % 3 === 0), ...networks]) {
      const [whole, parts] = [await outputsOf(core, 'CPU', ref), await outputsOf(core, 'HETERO:MINE,CPU', ref)];
      // Random numbers without a seed are others each time.
      if (!areSame(whole, parts) && areSame(whole, await outputsOf(core, 'CPU', ref))) other.push(ref.id);
    }
    expect(other).toEqual([]);
  });
});
const areSame = (a: readonly (string | Uint8Array)[], b: readonly (string | Uint8Array)[]): boolean =>
  a.length === b.length &&
  a.every((x, i) => (typeof x === 'string' ? x === b[i] : b[i] instanceof Uint8Array && Buffer.compare(x, b[i]) === 0));
