// A process of its own for lifecycle.test.ts: node lifecycle.child.mjs SCENARIO ADDON PLAN
// The plan is a loop over x [1, n] whose trip count is input 0: a run takes as long as one likes; for `told` it passes x on, through memory of its own.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const [scenario, addonPath, planPath] = isMainThread ? process.argv.slice(2) : workerData;
const addon = createRequire(import.meta.url)(addonPath);

function request(options = {}) {
  const model = addon.load(readFileSync(planPath), [], { threads: 2, ...options });
  if (model.error) throw new Error(model.error.message);
  return addon.createRequest(model);
}
const n = 1 << 14;
const inputs = (trips) => [BigInt64Array.of(BigInt(trips)), Uint8Array.of(1), new Float32Array(n).fill(3)];
const dims = Float64Array.of(1, n);
const endless = (r = request()) => addon.run(r, inputs(-1), dims, []);
const short = (r = request(), trips = 3) => addon.run(r, inputs(trips), dims, []);
/** Outputs of the last run that told them: `true` says that sizes and memory are as then. */
let told;
const check = (outputs) => {
  if (outputs !== true) told = outputs;
  if (told.error || new Float32Array(told[0].buffer)[5] !== 3) throw new Error('wrong result');
};
const tick = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const spawn = (name) => new Worker(new URL(import.meta.url), { workerData: [name, addonPath, planPath] });

const scenarios = {
  async exit() {
    for (let i = 0; i < 4; i++) endless();
    await tick(20);
    process.exit(7);
  },
  async throw() {
    for (let i = 0; i < 4; i++) endless();
    await tick(20);
    throw new Error('thrown on purpose');
  },
  // The event loop stays alive for what is pending, and only for that.
  async finish() {
    const r = request();
    short(r, 2000).then((outputs) => {
      check(outputs);
      console.log('settled');
    });
  },
  async garbage() {
    for (let i = 0; i < 300; i++) check(await short());
    globalThis.gc?.();
    await tick(10);
    for (let i = 0; i < 300; i++) check(await short());
  },
  // Nothing else happens in this process that would make the engine collect.
  async released() {
    const r = request();
    const large = 5 << 20;
    let outputs = addon.runSync(
      r,
      [BigInt64Array.of(1n), Uint8Array.of(1), new Float32Array(large).fill(3)],
      Float64Array.of(1, large),
      [],
    );
    check(outputs);
    addon.release(r);
    check(outputs);
    told = outputs = undefined;
    // A look through a WeakRef would keep it.
    const held = () => process.memoryUsage().arrayBuffers > large;
    for (let i = 0; i < 150 && held(); i++) await tick(20);
    console.log(held() ? 'held' : 'collected');
  },
  // How often the engine collects all of its heap for one request that holds 20 MB and more, and for ten.
  async told() {
    let whole = 0;
    const { constants, PerformanceObserver } = await import('node:perf_hooks');
    new PerformanceObserver((list) => {
      whole += list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
    }).observe({ entryTypes: ['gc'] });
    const large = 5 << 20;
    const [given, taken] = [[new Float32Array(large)], [new Float32Array(large)]];
    globalThis.gc();
    await tick(100);
    const collections = [];
    for (const count of [1, 10]) {
      const before = whole;
      globalThis.kept = Array.from({ length: count }, () => request());
      for (const r of globalThis.kept) addon.runSync(r, given, Float64Array.of(1, large), taken);
      await tick(300);
      collections.push(whole - before);
    }
    console.log(JSON.stringify(collections));
  },
  async terminate() {
    for (let i = 0; i < 40; i++) {
      const worker = spawn(['endless', 'many', 'idle', 'sync'][i % 4]);
      await new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      await tick(i % 7);
      await worker.terminate();
    }
    check(await short());
    console.log('alive');
  },
  async workers() {
    await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise((resolve, reject) => {
            const worker = spawn('busy');
            worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`worker ended with ${code}`))));
            worker.once('error', reject);
          }),
      ),
    );
    console.log('alive');
  },
  // Teams of all kinds have worked; from the end of their spinning on nothing may run.
  async rest() {
    const kinds = [{}, { threads: 2, streams: 2 }, { threads: 3, spinMicroseconds: 2000 }, { threads: 2, binding: 2 }];
    const requests = kinds.map((options) => request(options));
    for (let round = 0; round < 20; round++)
      for (const r of requests) {
        check(await short(r, 20));
        check(addon.runSync(r, inputs(20), dims, []));
      }
    await tick(400);
    let least = Infinity; // the engine's own threads may still compile or collect
    for (let window = 0; window < 3 && least > 1000; window++) {
      const before = process.cpuUsage();
      await tick(1000);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, user + system);
    }
    console.log(least);
    globalThis.kept = requests;
  },
  // In workers:
  async endless() {
    endless();
    parentPort.postMessage('started');
  },
  async many() {
    const requests = Array.from({ length: 8 }, () => request());
    parentPort.postMessage('started');
    for (;;) await Promise.all(requests.map((r) => short(r, 20)));
  },
  async idle() {
    const r = request();
    check(await short(r));
    globalThis.kept = [r, await short(r)];
    parentPort.postMessage('started');
    setInterval(() => {}, 1000);
  },
  async sync() {
    const r = request();
    parentPort.postMessage('started');
    for (;;) addon.runSync(r, inputs(50), dims, []);
  },
  async busy() {
    const r = request();
    for (let i = 0; i < 50; i++) {
      check(await short(r));
      check(addon.runSync(r, inputs(2), dims, []));
    }
  },
};
await scenarios[scenario]();
