/** @file Cancelling and aborting, of compilations and of runs, and that the event loop is never held. */
import { CuveeError, type DeviceRequest } from '@cuvee/core';
import { area, check, equal, must, pause, rejection, spent } from './check.js';
import { closeTo, counting, isParabola, long, parabola, vector } from './models.js';
import { anyVector, isSlowResult } from './subject.js';

const reason = new Error('the caller’s own reason');

/** Whether timers come in between: at least one for so many milliseconds of processor time, over a good deal of it. */
async function breathes(work: () => Promise<unknown>, what: string): Promise<void> {
  const tries: string[] = [];
  for (let i = 0; i < 4; i++) {
    let turns = 0;
    const before = spent();
    const timer = setInterval(() => turns++, 1);
    while (spent() - before < 160) {
      await work();
      await pause(1); // several short ones hold nobody
    }
    const used = spent() - before;
    clearInterval(timer);
    if (used / Math.max(1, turns) < 80) return;
    tries.push(`${turns} in ${used.toFixed(0)} ms`);
  }
  must(false, `${what} holds the event loop: turns of a timer, ${tries.join(', ')} of processor time`);
}

/** Stops slow runs, and judges what they end with and how soon: of what was left, the best of a few tries. */
async function stopsEarly(run: (signal: AbortSignal) => Promise<unknown>, expected: number, ends: (error: unknown) => void): Promise<void> {
  const shares: string[] = [];
  for (let i = 0, milliseconds = expected; i < 8; i++) {
    const controller = new AbortController();
    const ended = run(controller.signal).then(
      () => ({ at: performance.now(), error: undefined }),
      (error: unknown) => ({ at: performance.now(), error }),
    );
    await pause(milliseconds / 6);
    const stopped = performance.now();
    controller.abort(reason);
    const { at, error } = await ended;
    if (error === undefined && at - stopped < milliseconds / 6) {
      milliseconds /= 2; // it was over too soon to be stopped: the machine was busier when the figure was taken
      continue;
    }
    must(
      error !== undefined,
      `a run of ${milliseconds.toFixed(0)} ms that was stopped went on for ${(at - stopped).toFixed(0)} ms and resolved`,
    );
    ends(error);
    const share = (at - stopped) / (milliseconds * (5 / 6));
    if (share < 0.5) return;
    shares.push(`${(100 * share).toFixed(0)} %`);
  }
  must(false, `a run of ${expected.toFixed(0)} ms went on for ${shares.join(', ') || 'all'} of its rest after it was stopped`);
}

export const stops = area('stops', {
  cancel: check(
    [
      'Stops a pending run, which rejects with CANCELLED.',
      'Stops between kernels; reject with `signal.reason`.',
      'The request stays usable.',
    ],
    async (s) => {
      const slow = await s.slow(80);
      const { request, x, milliseconds } = slow;
      await stopsEarly(
        (signal) => {
          signal.addEventListener('abort', () => request.cancel());
          return request.inferAsync({ x });
        },
        milliseconds,
        (error) => must(error instanceof CuveeError && error.code === 'CANCELLED', `a cancelled run rejected with ${String(error)}`),
      );
      isSlowResult((await request.inferAsync({ x })).y, slow, 'the next run of the request');
      request.cancel();
      isSlowResult((await request.inferAsync({ x })).y, slow, 'a run after a cancel while nothing was pending');
    },
  ),

  abort: check(['Stops between kernels; reject with `signal.reason`.', 'The request stays usable.'], async (s) => {
    const slow = await s.slow(80);
    const { request, x, milliseconds } = slow;
    await stopsEarly(
      (signal) => request.inferAsync({ x }, { signal }),
      milliseconds,
      (error) => must(error === reason, `an aborted run rejected with ${String(error)}, not with the signal’s reason`),
    );
    isSlowResult((await request.inferAsync({ x })).y, slow, 'the next run of the request');
    const before = await rejection(
      request.inferAsync({ x }, { signal: AbortSignal.abort(reason) }),
      'a run with a signal that was aborted before',
    );
    must(before === reason, `it rejected with ${String(before)}`);
    isSlowResult((await request.inferAsync({ x })).y, slow, 'the run after that');
  }),

  late: check('A signal that is aborted after the end changes nothing.', async (s) => {
    const request = await s.request(parabola());
    const controller = new AbortController();
    isParabola((await request.inferAsync({ x: anyVector }, { signal: controller.signal })).y, anyVector, 'a run with a signal');
    controller.abort(reason);
    isParabola((await request.inferAsync({ x: anyVector })).y, anyVector, 'a run after the signal of the last one was aborted');
  }),

  others: check('What happens to one request happens to no other.', async (s) => {
    const slow = await s.slow();
    const { request, x } = slow;
    const compiled = request.getCompiledModel();
    const beside = Array.from({ length: 4 }, () => s.hold(compiled.createInferRequest()));
    const runs = beside.map((r) => r.inferAsync({ x }));
    for (const run of runs) run.catch(() => undefined); // each is awaited in turn
    const stopped = request.inferAsync({ x }).catch(() => undefined);
    await pause(2);
    request.cancel();
    for (const [i, run] of runs.entries()) isSlowResult((await run).y, slow, `run ${i} beside the one that was cancelled`);
    await stopped;
  }),

  behind: check('Nobody waits for the result, as where a device is tried before it serves: all other work should go first.', async (s) => {
    await s.needs(parabola());
    const model = await s.raw(parabola());
    const requests = [model, model].map((m) => s.hold(m.createRequest()));
    const x = vector(1, 2, 3);
    const run = async (i: number, behind: boolean): Promise<void> => {
      const [y] = await (requests[i] as DeviceRequest).run([x], [], { behind });
      isParabola(y, x, behind ? 'a run that nobody waits for' : 'a run beside one that nobody waits for');
    };
    await Promise.all([run(0, true), run(1, false)]);
    await run(0, false);
  }),

  profile: check('Figures of the last run.', async (s) => {
    const config = s.host.properties(s.plugin).PERF_COUNT ? { PERF_COUNT: true } : {};
    const request = await s.request(parabola(), config);
    equal(request.profilingInfo(), [], 'figures before any run');
    await request.inferAsync({ x: anyVector });
    for (const { name, type, kernel, microseconds } of request.profilingInfo()) {
      must(
        [name, type, kernel].every((text) => typeof text === 'string' && text !== ''),
        `a figure without names: ${name}, ${type}, ${kernel}`,
      );
      must(microseconds >= 0 && microseconds < 6e7, `${name} took ${microseconds} µs`);
    }
  }),

  compiling: check('Aborts the compilation; reject with `signal.reason`.', async (s) => {
    const before = await rejection(
      s.core.compileModel(parabola(), s.device, {}, { signal: AbortSignal.abort(reason) }),
      'compiling with a signal that was aborted before',
    );
    must(before === reason, `it rejected with ${String(before)}`);
    const model = long(800);
    const start = performance.now();
    await s.compile(model);
    const took = performance.now() - start;
    const controller = new AbortController();
    const work = s.core.compileModel(model, s.device, {}, { signal: controller.signal }).then((made) => s.hold(made));
    await pause(Math.min(20, took / 5));
    const stopped = performance.now();
    controller.abort(reason);
    const ended: unknown = await work.catch((error: unknown) => error);
    const rest = performance.now() - stopped;
    must(
      ended === reason || rest < took / 2 || rest < 50,
      `an aborted compilation of ${took.toFixed(0)} ms went on for ${rest.toFixed(0)} ms and gave ${String(ended).slice(0, 100)}`,
    );
    isParabola((await (await s.request(parabola())).inferAsync({ x: anyVector })).y, anyVector, 'a model that was compiled after that');
  }),

  breathing: check('The caller waits for a promise: long work should let the event loop breathe (`paced`).', async (s) => {
    for (let nodes = 500; ; nodes *= 2) {
      const before = spent();
      const model = long(nodes);
      const compile = async (): Promise<void> => (await s.core.compileModel(model, s.device)).release();
      await compile();
      if (spent() - before < 150 && nodes < 4000) continue;
      return breathes(compile, `compiling ${nodes} nodes`);
    }
  }),

  running: check('Runs off the event loop.', async (s) => {
    const { request, x } = await s.slow(150);
    await breathes(() => request.inferAsync({ x }), 'an inference');
  }),

  beside: check('A long run keeps no short one of another model from its end.', async (s) => {
    const { request, x, milliseconds } = await s.slow();
    const small = await s.request(parabola());
    const run = request.inferAsync({ x });
    run.catch(() => undefined); // it is awaited below
    const start = performance.now();
    isParabola((await small.inferAsync({ x: counting(4) })).y, counting(4), 'a small run beside a long one');
    const waited = performance.now() - start;
    await run;
    closeTo((await small.inferAsync({ x: vector(1) })).y, [2], 'the small request again');
    must(waited < 20 * milliseconds, `a small run beside a long one of ${milliseconds.toFixed(0)} ms took ${waited.toFixed(0)} ms`);
  }),
});
