/**
 * @file `node bench/throughput.mjs [--only det] [--requests 4,8] [--seconds 1] [--rounds 5]`: inferences per second of several requests
 * in flight, hint THROUGHPUT, beside OpenVINO's. Windows of both take turns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Core } from 'cuvee';
import { median } from './lib/figures.mjs';
import { models, randomFile, runners, start } from './lib/runners.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    requests: { type: 'string', default: '4,8' },
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    hint: { type: 'string', default: 'THROUGHPUT' },
  },
});
const shapes = { det: [1, 3, 640, 640], rec: [1, 3, 48, 320], resnet50: [1, 3, 224, 224] };
const core = new Core();
for (const [name, shape] of Object.entries(shapes)) {
  const model = models()[name];
  if (!model || (values.only && values.only !== name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-bench-'));
  const both = runners()
    .filter((r) => r.name !== 'onnxruntime-node')
    .map(start);
  try {
    const input = core.readModelSync(model).inputs[0].anyName;
    const inputs = { [input]: randomFile(folder, shape, 1) };
    for (const runner of both)
      await runner.ask({ cmd: 'load', model, inputs, threads: Number(values.threads), config: { hint: values.hint } });
    for (const requests of values.requests.split(',').map(Number)) {
      const rates = both.map(() => []);
      for (let round = 0; round <= Number(values.rounds); round++)
        for (const [i, runner] of both.entries()) {
          const { count, seconds } = await runner.ask({ cmd: 'stream', seconds: round === 0 ? 0.3 : Number(values.seconds), requests });
          if (round > 0) rates[i].push(count / seconds);
        }
      const ratios = rates[0].map((r, i) => r / (rates[1]?.[i] ?? Number.NaN));
      const text = both.map((r, i) => `${r.name} ${median(rates[i]).toFixed(1)}/s`).join('  ');
      console.log(
        `${name} ${requests} requests: ${text}  ratio ${median(ratios).toFixed(3)} (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)})`,
      );
    }
  } finally {
    for (const runner of both) runner.quit();
    rmSync(folder, { recursive: true, force: true });
  }
}
