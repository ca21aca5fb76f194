/** @file The rows of the standing table, and how each kind is measured. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interval, median } from './figures.mjs';
import { difference, models, randomFile, runners, start } from './runners.mjs';

const [ov, ort] = ['openvino', 'onnxruntime-node'];
const networks = ['squeezenet', 'shufflenet', 'mobilenet-v2', 'densenet121', 'inception_v1', 'inception_v2'];

/**
 * `against`: the most (of rates: the least) that Cuvée's figure may be of the peer's; `better`: of the best peer's.
 * `limit`: the most that the figure itself may be.
 */
const all = [
  { name: 'det 640×640', kind: 'latency', model: 'det', shape: [1, 3, 640, 640], against: { [ov]: 0.6, [ort]: 0.35 } },
  { name: 'det, sizes changing', kind: 'sizes', model: 'det', shape: [1, 3, 640, 640], against: { [ov]: 0.4 } },
  { name: 'rec 48×320', kind: 'latency', model: 'rec', shape: [1, 3, 48, 320], against: { [ov]: 0.75 } },
  { name: 'rec 8 × 48×320', kind: 'latency', model: 'rec', shape: [8, 3, 48, 320], against: { [ov]: 0.75 } },
  { name: 'det 800×12128', kind: 'latency', model: 'det', shape: [1, 3, 800, 12128], rounds: 3, runs: 1, against: { [ov]: 0.5 } },
  { name: 'det 800×12128, peak MB', kind: 'memory', model: 'det', shape: [1, 3, 800, 12128], limit: 400, after: 60 },
  { name: 'resnet50 224×224', kind: 'latency', model: 'resnet50', shape: [1, 3, 224, 224], against: { [ov]: 0.8 } },
  // After a pause both threads may begin on one core for some milliseconds: short networks run more often in a turn.
  ...networks.map((model) => ({ name: `${model} 224×224`, kind: 'latency', model, shape: [1, 3, 224, 224], runs: 31, better: 0.8 })),
  { name: 'cls 48×192', kind: 'latency', model: 'cls', shape: [1, 3, 48, 192] },
  // Its work takes less than the call: `infer` here, `run` of the peer's session, 200 one after the other a figure.
  { name: 'small model, one call', kind: 'latency', model: 'small', shape: [1, 64], runs: 20, times: 200, against: { [ort]: 0.3 } },
  ...['det', 'rec', 'resnet50'].flatMap((model) =>
    [4, 8].map((requests) => ({
      name: `${model}, ${requests} requests, per s`,
      kind: 'rate',
      model,
      requests,
      shape: { det: [1, 3, 640, 640], rec: [1, 3, 48, 320], resnet50: [1, 3, 224, 224] }[model],
      against: { [ov]: 1.15 },
    })),
  ),
  { name: 'det, cold process to output', kind: 'cold', model: 'det', shape: [1, 3, 640, 640], against: { [ort]: 0.5 } },
  { name: 'det, the same from the cache', kind: 'cold', cached: true, model: 'det', shape: [1, 3, 640, 640], against: { [ort]: 0.3 } },
  { name: 'det 640×640, peak MB', kind: 'memory', model: 'det', shape: [1, 3, 640, 640], limit: 110 },
  ...['det', 'resnet50'].map((model) => ({
    name: `${model}, 1 → 2 threads`,
    kind: 'threads',
    model,
    shape: model === 'det' ? [1, 3, 640, 640] : [1, 3, 224, 224],
    least: 1.85,
  })),
  { name: 'det, slower beside a busy process', kind: 'neighbour', model: 'det', shape: [1, 3, 640, 640], limit: 2 },
  { name: 'det ms per megapixel, 320² … 4096²', kind: 'pixels', model: 'det', sides: [320, 640, 1024, 2048, 4096] },
];

/** Rows whose models are here. */
export const rows = () => all.filter((row) => models()[row.model]);

const inTurn = async (running, rounds, work) => {
  const figures = running.map(() => []);
  for (let round = 0; round < rounds; round++) for (const [i, runner] of running.entries()) figures[i].push(await work(runner, round));
  return figures;
};

/** `[{ runner, figures, … }]` of a row: one figure a round. */
const kinds = {
  async latency({ running, load, row, rounds, runs, folder }) {
    const loaded = [];
    for (const runner of running) loaded.push(await load(runner));
    const figures = await inTurn(running, rounds, async (runner) =>
      median((await runner.ask({ cmd: 'run', n: runs, times: row.times })).ms),
    );
    const outputs = [];
    for (const runner of running) {
      const dir = join(folder, runner.name);
      mkdirSync(dir);
      outputs.push((await runner.ask({ cmd: 'outputs', dir })).outputs);
    }
    return running.map((runner, i) => ({
      runner: runner.name,
      figures: figures[i],
      engine: loaded[i].engine,
      difference: i === 0 ? 0 : difference(outputs[0], outputs[i]),
    }));
  },

  async sizes({ running, load, rounds, input, folder }) {
    for (const runner of running) await load(runner, { shapes: 'dynamic' });
    // Each inference another size than those before: 640 by multiples of 32, seldom twice in a round.
    const inputs = Array.from({ length: 12 }, (_, i) => ({
      [input]: randomFile(folder, [1, 3, 480 + 32 * i, 800 - 32 * ((i * 5) % 12)], i + 1),
    }));
    const figures = await inTurn(running, rounds, async (runner) => median((await runner.ask({ cmd: 'cycle', inputs, n: 12 })).ms));
    return running.map((runner, i) => ({ runner: runner.name, figures: figures[i] }));
  },

  async rate({ running, load, rounds, row }) {
    for (const runner of running) await load(runner, { hint: 'THROUGHPUT' });
    const figures = await inTurn(running, rounds, async (runner, round) => {
      const { count, seconds } = await runner.ask({ cmd: 'stream', seconds: round === 0 ? 1 : 0.7, requests: row.requests });
      return count / seconds;
    });
    return running.map((runner, i) => ({ runner: runner.name, figures: figures[i] }));
  },

  async memory({ running, load, row }) {
    const told = [];
    for (const runner of running) {
      const { base_mb } = await load(runner);
      await runner.ask({ cmd: 'run', n: 3 });
      const { peak_mb } = await runner.ask({ cmd: 'mem' });
      const after = row.after && runner === running[0] ? (await runner.ask({ cmd: 'release' })).rss_mb - base_mb : undefined;
      told.push({ runner: runner.name, figures: [peak_mb], ...(after !== undefined && { after }) });
      runner.quit();
    }
    return told;
  },

  async cold({ row, rounds, inputs, threads, folder }) {
    const model = models()[row.model];
    // From the cache by path: the file is not read as a model, and keeps the shapes that it has.
    const cached = { shapes: 'dynamic', properties: { CACHE_DIR: join(folder, 'cache') } };
    const kinds = runners();
    const figures = kinds.map(() => []);
    for (let round = 0; round <= rounds; round++)
      for (const [i, kind] of kinds.entries()) {
        const begin = performance.now();
        const runner = start(kind);
        await runner.ask({ cmd: 'load', model, inputs, threads, config: row.cached && i === 0 ? cached : {} });
        if (round > 0) figures[i].push(performance.now() - begin);
        runner.quit();
      }
    return kinds.map((kind, i) => ({ runner: kind.name, figures: figures[i] }));
  },

  async threads({ row, rounds, runs, inputs }) {
    const model = models()[row.model];
    const [cuvee] = runners();
    const both = [1, 2].map((threads) => ({ threads, ...start(cuvee) }));
    try {
      for (const { ask, threads } of both) await ask({ cmd: 'load', model, inputs, threads, config: {} });
      const [one, two] = await inTurn(both, rounds, async ({ ask }) => median((await ask({ cmd: 'run', n: runs })).ms));
      return [{ runner: 'cuvee', figures: one.map((ms, i) => ms / two[i]) }];
    } finally {
      for (const { quit } of both) quit();
    }
  },

  async neighbour({ running, load, rounds, runs }) {
    for (const runner of running) await load(runner);
    const ms = async (runner) => median((await runner.ask({ cmd: 'run', n: runs })).ms);
    const figures = await inTurn(running, rounds, async (runner) => {
      const alone = await ms(runner);
      const neighbour = spawn(process.execPath, ['-e', 'for (;;);']);
      await new Promise((resolve) => setTimeout(resolve, 100));
      const beside = await ms(runner);
      neighbour.kill('SIGKILL');
      await once(neighbour, 'exit');
      return beside / alone;
    });
    return running.map((runner, i) => ({ runner: runner.name, figures: figures[i] }));
  },

  async pixels({ row, threads, folder, input }) {
    const model = models()[row.model];
    const [cuvee] = runners();
    const figures = [];
    for (const side of row.sides) {
      const runner = start(cuvee);
      try {
        await runner.ask({ cmd: 'load', model, inputs: { [input]: randomFile(folder, [1, 3, side, side], 1) }, threads, config: {} });
        figures.push((median((await runner.ask({ cmd: 'run', n: 5 })).ms) / side ** 2) * 1e6);
      } finally {
        runner.quit();
      }
    }
    return [{ runner: 'cuvee', figures }];
  },
};

/** Ratio of Cuvée's figure to the peer's, round by round. */
const against = (ours, theirs) => ours.figures.map((figure, round) => figure / (theirs.figures[round] ?? Number.NaN));

/** Measures one row: figures of each runner with intervals, ratios, and whether the target is met. */
export async function measure(row, { input, rounds, runs, threads }) {
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-bench-'));
  const model = models()[row.model];
  const own = ['cold', 'threads', 'pixels'].includes(row.kind);
  const running = own
    ? []
    : runners()
        .filter(({ name }) => (row.kind !== 'rate' && row.kind !== 'sizes') || name !== ort)
        .map(start);
  try {
    const inputs = row.shape && { [input]: randomFile(folder, row.shape, 1) };
    const load = (runner, config = {}) => runner.ask({ cmd: 'load', model, inputs, threads, config });
    const told = await kinds[row.kind]({
      row,
      running,
      load,
      inputs,
      input,
      folder,
      threads,
      rounds: row.rounds ?? rounds,
      runs: row.runs ?? runs,
    });
    const results = told.map((one) => ({ ...one, figure: median(one.figures), interval: interval(one.figures) }));
    const ratios = Object.fromEntries(
      results.slice(1).map((peer) => {
        const each = against(results[0], peer);
        return [peer.runner, { ratio: median(each), interval: interval(each) }];
      }),
    );
    return { ...row, results, ratios, met: met(row, results, ratios) };
  } finally {
    if (row.kind !== 'memory') for (const runner of running) runner.quit();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** True, false, or undefined where there is no target, or no peer to hold it against. */
function met(row, results, ratios) {
  const figure = results[0].figure;
  if (row.limit !== undefined) return figure <= row.limit && (row.after === undefined || results[0].after <= row.after);
  if (row.least !== undefined) return figure >= row.least;
  if (row.kind === 'pixels') return Math.max(...results[0].figures) <= 1.15 * Math.min(...results[0].figures);
  const best = Math.max(...Object.values(ratios).map(({ ratio }) => ratio));
  if (row.better !== undefined) return Number.isFinite(best) ? best <= row.better : undefined;
  const pairs = Object.entries(row.against ?? {}).filter(([peer]) => ratios[peer]);
  if (pairs.length === 0) return undefined;
  return pairs.every(([peer, most]) => (row.kind === 'rate' ? ratios[peer].ratio >= most : ratios[peer].ratio <= most));
}
