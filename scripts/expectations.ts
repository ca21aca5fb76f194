/**
 * @file Makes packages/conformance/expected anew: which cases of the operation and node corpora fail on which device, and how.
 * `npx tsx scripts/expectations.ts [DEVICE…]`; needs what `npm run setup` builds.
 */
import { corpora, devices, expectationsOf, runCorpus, writeExpectations, type Corpus } from '../packages/conformance/test/corpus.js';

const chosen = process.argv.slice(2);
for (const device of devices) {
  if (chosen.length > 0 && !chosen.includes(device)) continue;
  for (const corpus of Object.keys(corpora) as Corpus[]) {
    const report = await runCorpus(device, corpus);
    writeExpectations(device, corpus, expectationsOf(report));
    const { passed, failed } = report.summary;
    console.log(`${device} ${corpus}: ${passed} passed, ${failed} failed`);
  }
}
