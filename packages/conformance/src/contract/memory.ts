/** @file Memory stays flat: over compilations, requests, runs and sizes. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Tensor } from '@cuvee/core';
import { area, check, must } from './check.js';
import { parabola, weighted, weightless } from './models.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that the process holds after what can be collected was: of JavaScript, and all. */
async function held(): Promise<readonly [managed: number, resident: number]> {
  for (let i = 0; i < 2; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return [heapUsed + arrayBuffers, rss];
}

/** Bytes that a leak would leave in each round. */
const size = 2 ** 19;

/**
 * Repeats work until the second half of it adds less than half of what a leak of `size` bytes in each round would. Allocators settle
 * late, and what others collect comes and goes: a leak grows in every one of four parts.
 */
async function flat(what: string, work: (round: number) => Promise<void>, bytes = size): Promise<void> {
  const start = performance.now();
  let rounds = 0;
  while (rounds < 8 || (rounds < 24 && performance.now() - start < 250)) await work(rounds++);
  const figures = [await held()];
  for (let round = rounds; figures.length < 5; ) {
    for (let i = 0; i < rounds; i++) await work(round++);
    const before = figures.at(-1) as readonly number[];
    const now = await held();
    figures.push(now);
    if (now.every((n, i) => n - (before[i] as number) <= (rounds * bytes) / 2)) return;
  }
  const shown = figures.map((f) => f.map((n) => (n / 2 ** 20).toFixed(0)).join(' of ')).join(', ');
  must(false, `each ${rounds} times it was done, ${what} took more memory: MB of JavaScript of all, ${shown}`);
}

const x = weightless(size);

export const memory = area('memory', {
  models: check('Frees all that it holds; safe to call twice.', (s) =>
    flat('compiling and releasing a model', async (round) => {
      const compiled = await s.core.compileModel(weighted(size, round), s.device);
      const request = compiled.createInferRequest();
      if (round % 8 === 0) await request.inferAsync({ x });
      request.release();
      compiled.release();
    }),
  ),
  requests: check(
    ['What nobody released goes with the garbage collector.', 'Memory stays flat: over compilations, requests, runs, sizes and failures.'],
    async (s) => {
      const compiled = await s.compile(weighted(size));
      await flat('making, running and releasing a request', async (round) => {
        const request = compiled.createInferRequest();
        await request.inferAsync({ x });
        if (round % 4 !== 0) request.release();
      });
    },
  ),
  sizes: check('Memory stays flat: over compilations, requests, runs, sizes and failures.', async (s) => {
    const request = await s.request(parabola());
    await flat('an inference of another size', async (round) => {
      await request.inferAsync({ x: new Tensor('f32', [size / 4 - 8 * (round % 97)]) });
    });
  }),
  failures: check('Memory stays flat: over compilations, requests, runs, sizes and failures.', async (s) => {
    const compiled = await s.compile(weighted(size));
    const request = s.hold(compiled.createInferRequest());
    await flat('an inference that is stopped', async () => {
      const controller = new AbortController();
      const run = request.inferAsync({ x }, { signal: controller.signal }).catch(() => undefined);
      controller.abort();
      await run;
    });
  }),
});
