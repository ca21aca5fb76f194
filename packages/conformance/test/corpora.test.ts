import { afterAll, describe, expect, it } from 'vitest';
import { kindOf } from '../src/report.js';
import { corpora, devices, readExpectations, runCorpus, type Corpus, type Device } from './corpus.js';

/** Cases that have to pass, whatever the lists say. */
const floors: Readonly<Record<Device, Readonly<Record<Corpus, number>>>> = {
  CPU: { opset: 1850, 'onnx-node': 1848, contrib: 129, ml: 77, patterns: 133 },
  REFERENCE: { opset: 1880, 'onnx-node': 1848, contrib: 129, ml: 77, patterns: 133 },
};
/** Cases whose expected values were drawn at random: they differ, or agree by chance. */
const drawn = /^test_(bernoulli|training_dropout)/;
const started = Date.now();

describe.each(devices)('device %s', (device) => {
  it.each(Object.keys(corpora) as Corpus[])(
    '%s: what fails is what the checked-in list says, and nothing else',
    { timeout: 600_000 },
    async (corpus) => {
      const { cases, summary } = await runCorpus(device, corpus);
      const expected = readExpectations(device, corpus);
      const unexpected: string[] = [];
      const stale: string[] = [];
      for (const [id, outcome] of Object.entries(cases)) {
        if (drawn.test(id) && kindOf(outcome) === 'differs') continue;
        const known = expected.failures[id];
        if (outcome.status === 'pass') {
          if (known !== undefined && !drawn.test(id)) stale.push(id);
        } else if (known !== kindOf(outcome))
          unexpected.push(`${id}: ${outcome.reason}${known === undefined ? '' : ` (expected: ${known})`}`);
      }
      for (const id of Object.keys(expected.failures)) if (!cases[id]) stale.push(`${id} is no case`);
      expect(unexpected, 'these fail, or fail otherwise than the list says; if that is right: npx tsx scripts/expectations.ts').toEqual([]);
      expect(stale, 'these pass; take them off the list: npx tsx scripts/expectations.ts').toEqual([]);
      expect(Object.keys(cases)).toHaveLength(expected.cases);
      expect(summary.passed).toBeGreaterThanOrEqual(floors[device][corpus]);
      expect(summary.skipped).toBe(0);
    },
  );

  it.each(Object.keys(corpora) as Corpus[])('%s: no failure is a crash, a hang or a foreign error', (corpus) => {
    const kinds = new Set(Object.values(readExpectations(device, corpus).failures));
    for (const kind of kinds) expect(['not supported', 'error', 'differs']).toContain(kind);
  });
});

afterAll(() => console.log(`operation and node corpora on both devices: ${Math.round((Date.now() - started) / 1000)} s`));
