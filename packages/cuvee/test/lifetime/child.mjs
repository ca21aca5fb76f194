// A process of its own for lifetime.test.ts: node child.mjs SCENARIO MODEL SIZE COUNT. Prints one line of JSON at its end.
import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Core } from 'cuvee';

const [scenario, path, size, count] = isMainThread
  ? [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])]
  : [workerData.scenario, workerData.path, workerData.size, 0];
const file = new URL(import.meta.url);
const tick = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const say = (value) => console.log(JSON.stringify(value));

/** Resident memory of this process in bytes: all threads. */
const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;

async function compiled() {
  const core = new Core();
  return core.compileModel(path, 'CPU', { INFERENCE_NUM_THREADS: 2 });
}
const input = (rows) => ({ x: { type: 'f32', shape: [rows, size], data: new Float32Array(rows * size).fill(1) } });
/** An inference over `rows` rows; how long it takes grows with them. */
async function infer(model, rows) {
  const { Tensor } = await import('cuvee');
  const { type, shape, data } = input(rows).x;
  const request = model.createInferRequest();
  const outputs = await request.inferAsync({ x: new Tensor(type, shape, data) });
  const [value] = Object.values(outputs)[0].data;
  request.release();
  return value;
}
const spawn = (name) => new Worker(file, { workerData: { scenario: name, path, size } });
const started = (worker) =>
  new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`worker ended with ${code}`)));
  });
const ended = (child) => new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));

const scenarios = {
  // `count` threads hold the same model, compiled by each of them.
  async weights() {
    const workers = [];
    for (let i = 0; i < count; i++) {
      workers.push(spawn('hold'));
      await started(workers[i]);
    }
    await tick(100);
    const bytes = resident();
    await Promise.all(workers.map((worker) => worker.terminate()));
    say({ bytes });
  },
  async hold() {
    const model = await compiled();
    globalThis.kept = [model, await infer(model, 1)];
    globalThis.gc?.();
    parentPort.postMessage('holds');
    setInterval(() => {}, 1 << 30);
  },
  // Workers are terminated during inferences; afterwards the process works as before.
  async terminate() {
    const model = await compiled();
    const before = await infer(model, 1);
    let early = 0;
    let next = 0;
    const some = async () => {
      for (let i = next++; i < count; i = next++) {
        const worker = spawn(['run', 'many', 'load', 'sync'][i % 4]);
        await started(worker);
        await tick(i % 5);
        await worker.terminate();
        if (i === Math.floor(count / 3)) early = resident();
      }
    };
    await Promise.all([some(), some(), some()]);
    say({ same: (await infer(model, 1)) === before, early, late: resident() });
  },
  async run() {
    const model = await compiled();
    void infer(model, 4096);
    parentPort.postMessage('started');
  },
  async many() {
    const model = await compiled();
    parentPort.postMessage('started');
    for (;;) await Promise.all([infer(model, 512), infer(model, 64), infer(model, 1)]);
  },
  async load() {
    parentPort.postMessage('started');
    for (;;) {
      const model = await compiled();
      await infer(model, 8);
      model.release();
    }
  },
  async sync() {
    const { Tensor } = await import('cuvee');
    const request = (await compiled()).createInferRequest();
    const { type, shape, data } = input(256).x;
    parentPort.postMessage('started');
    for (;;) request.infer({ x: new Tensor(type, shape, data) });
  },
  // The process ends while inferences are at work.
  async exit() {
    await this.pending();
    process.exit(7);
  },
  async throw() {
    await this.pending();
    throw new Error('thrown on purpose');
  },
  async handled() {
    process.once('SIGTERM', () => process.exit(9));
    await this.pending();
    process.kill(process.pid, 'SIGTERM');
  },
  async signal() {
    await this.pending();
    process.kill(process.pid, 'SIGTERM');
    await tick(10_000);
  },
  async pending() {
    const model = await compiled();
    for (let i = 0; i < 4; i++) void infer(model, 8192);
    await tick(20);
  },
  // Children made by fork, some killed during an inference, beside a parent that infers.
  async fork() {
    const model = await compiled();
    const before = await infer(model, 1);
    const results = [];
    for (let i = 0; i < count; i++) {
      const child = fork(file, ['answer', path, String(size), '0'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
      const [answer] = await Promise.all([new Promise((resolve) => child.once('message', resolve)), infer(model, 64)]);
      const end = ended(child);
      child.kill(i % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      const { signal } = await end;
      results.push(answer === before && signal !== null);
    }
    say({ good: results.every(Boolean) && (await infer(model, 1)) === before });
  },
  async answer() {
    const model = await compiled();
    process.send(await infer(model, 1));
    for (;;) await infer(model, 2048);
  },
  async cluster() {
    if (cluster.isWorker) {
      const model = await compiled();
      process.send(await infer(model, 1));
      process.once('message', async () => {
        await infer(model, 16);
        process.disconnect();
      });
      return;
    }
    const before = await infer(await compiled(), 1);
    const workers = Array.from({ length: count }, () => cluster.fork());
    const answers = await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
    const ends = workers.map(({ process: child }) => ended(child));
    for (const worker of workers) worker.send('go on');
    const codes = (await Promise.all(ends)).map(({ code }) => code);
    say({ same: answers.every((answer) => answer === before), codes });
  },
  // Load, compile, infer, release, over and over.
  async cycles() {
    let early = 0;
    let wrong = 0;
    let first;
    for (let i = 0; i < count; i++) {
      const model = await compiled();
      const value = await infer(model, 1 + (i % 7));
      first ??= value;
      if (Math.abs(value - first) > 1e-4 * Math.abs(first)) wrong++;
      model.release();
      if (i % 10 === 0) {
        globalThis.gc?.();
        await tick(0);
      }
      if (i === Math.floor(count / 2)) early = resident();
    }
    globalThis.gc?.();
    say({ wrong, early, late: resident() });
  },
};
await scenarios[scenario]();
