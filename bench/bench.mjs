/**
 * @file `npm run bench [-- --only NAME --rounds N --runs N --threads N --json FILE]`: the standing set, Cuvée and the peers found on this
 * machine in turns, and a table of ratios. See README.md beside this file.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { difference, median, models, randomFile, runners, start } from './lib/runners.mjs';

/** The models are those of the OCR example: a registry package, nothing to fetch. */
function standingSet() {
  const have = models();
  return [
    { name: 'det 640x640', model: have.det, shape: [1, 3, 640, 640] },
    { name: 'det 320x320', model: have.det, shape: [1, 3, 320, 320] },
    { name: 'rec 48x320', model: have.rec, shape: [1, 3, 48, 320] },
    { name: 'rec 6 x 48x320', model: have.rec, shape: [6, 3, 48, 320] },
    { name: 'cls 48x192', model: have.cls, shape: [1, 3, 48, 192] },
  ].filter(({ model }) => model);
}

async function measure({ name, model, shape, input }, { rounds, runs, threads }) {
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-bench-'));
  const running = runners().map(start);
  try {
    const described = randomFile(folder, shape, 1);
    const results = [];
    for (const runner of running) {
      const loaded = await runner.ask({ cmd: 'load', model, inputs: { [input]: described }, threads, config: {} });
      results.push({ runner: runner.name, ...loaded, medians: [] });
    }
    for (let round = 0; round < rounds; round++) {
      for (const [index, runner] of running.entries()) results[index].medians.push(median((await runner.ask({ cmd: 'run', n: runs })).ms));
    }
    const outputs = [];
    for (const [index, runner] of running.entries()) {
      const dir = join(folder, runner.name);
      mkdirSync(dir);
      outputs.push((await runner.ask({ cmd: 'outputs', dir })).outputs);
      Object.assign(results[index], await runner.ask({ cmd: 'mem' }));
    }
    results.forEach((result, index) => {
      result.ms = median(result.medians);
      result.ratio = median(results[0].medians.map((ours, round) => ours / result.medians[round]));
      result.difference = index === 0 ? 0 : difference(outputs[0], outputs[index]);
    });
    return { name, shape, results };
  } finally {
    for (const runner of running) runner.quit();
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '9' },
    runs: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
});
await setup({ types: false });
const { Core } = await import('cuvee');
const core = new Core();
const report = [];
for (const entry of standingSet().filter(({ name }) => !values.only || name.includes(values.only))) {
  const model = await core.readModel(entry.model);
  const result = await measure(
    { ...entry, input: model.inputs[0].anyName },
    { rounds: Number(values.rounds), runs: Number(values.runs), threads: Number(values.threads) },
  );
  report.push(result);
  console.log(`\n${result.name}  [${result.shape}]  ${values.threads} threads, ${values.rounds} rounds of ${values.runs}`);
  console.log('runner                 ms   cuvee/it   load ms  first ms   peak MB   difference  engine');
  for (const { runner, ms, ratio, load_ms, first_ms, peak_mb, difference: far, engine } of result.results) {
    const cells = [
      ms.toFixed(2).padStart(8),
      ratio.toFixed(3).padStart(10),
      load_ms.toFixed(0).padStart(9),
      first_ms.toFixed(1).padStart(9),
      peak_mb.toFixed(0).padStart(9),
      far.toExponential(1).padStart(12),
    ];
    console.log(`${runner.padEnd(17)}${cells.join(' ')}  ${engine}`);
  }
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
