/** The kernels of narrower instruction sets, on a machine that would choose wider ones. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { data, readExpectations, reportOf, runCorpus } from './corpus.js';

describe.each(['scalar', 'avx2'])('CUVEE_ISA=%s', (isa) => {
  const env = { CUVEE_ISA: isa };

  it('fails no operation that the chosen instruction set does not fail', { timeout: 600_000 }, async () => {
    const { engine, cases, summary } = await runCorpus('CPU', 'opset', env);
    const { failures } = readExpectations('CPU', 'opset');
    expect(engine).toContain(isa);
    expect(
      Object.entries(cases)
        .filter(([id, c]) => c.status !== 'pass' && failures[id] === undefined)
        .map(([id, c]) => `${id}: ${c.reason}`),
    ).toEqual([]);
    expect(summary.passed).toBeGreaterThan(849);
  });

  it.each(['*det-192x384', '*rec-48x320', '*cls-batch2'])('runs the network of %s', { timeout: 600_000 }, async (only) => {
    const { summary, cases } = await reportOf(['--models', join(data, 'ocr'), '--only', only, '--device', 'CPU', '--jobs', '1'], env);
    expect(summary, JSON.stringify(cases)).toMatchObject({ passed: 1, failed: 0 });
  });
});
