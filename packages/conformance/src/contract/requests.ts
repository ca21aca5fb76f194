/** @file Requests: used again, many at once, on the calling thread and beside it. */
import type { Tensor } from '@cuvee/core';
import { area, check, equal, fails, must } from './check.js';
import { closeTo, counting, isParabola, pair, parabola, vector } from './models.js';
import { anyVector, isSlowResult } from './subject.js';

export const requests = area('requests', {
  again: check('One inference at a time.', async (s) => {
    const request = await s.request(parabola());
    for (let i = 0; i < 50; i++) {
      const x = counting(8, i);
      isParabola((await request.inferAsync({ x })).y, x, `run ${i}`);
    }
  }),

  together: check(
    [
      'Compiled once, used by any number of requests at the same time.',
      'A request, which runs one inference at a time; several run in parallel.',
    ],
    async (s) => {
      const compiled = await s.compile(parabola());
      const stream = async (k: number): Promise<void> => {
        const request = s.hold(compiled.createInferRequest());
        for (let i = 0; i < 6; i++) {
          const x = counting(16 + k, 100 * k + i);
          isParabola((await request.inferAsync({ x })).y, x, `run ${i} of request ${k}, among 16 at once`);
        }
      };
      await Promise.all(Array.from({ length: 16 }, (_, k) => stream(k)));
    },
  ),

  models: check('Compiles for the device `config.DEVICE_ID`.', async (s) => {
    const works = Array.from({ length: 6 }, async (_, k) => {
      const request = await s.request(k % 2 === 0 ? parabola() : pair());
      const x = counting(8, k);
      if (k % 2 === 0) isParabola((await request.inferAsync({ x })).y, x, `model ${k} of six compiled at once`);
      else
        closeTo(
          (await request.inferAsync({ a: x, b: x })).second,
          Array.from(x.data as Float32Array, (v) => v + v),
          `model ${k} of six compiled at once`,
        );
    });
    await Promise.all(works);
  }),

  order: check("Inputs and outputs in the model's order.", async (s) => {
    const request = await s.request(pair());
    const [a, b] = [vector(1, 2), vector(30, 40)];
    const expected = { first: [31, 82], second: [31, 42], third: [30, 40] };
    const byName = await request.inferAsync({ b, a });
    for (const [name, values] of Object.entries(expected)) closeTo(byName[name], values, `"${name}", inputs by name`);
    await request.inferAsync([a, b]);
    Object.values(expected).forEach((values, i) => closeTo(request.getOutputTensor(i), values, `output ${i}, inputs in order`));
  }),

  sync: check(['The same on the calling thread.', 'Default: SYNC_UNAVAILABLE.'], async (s) => {
    const request = await s.request(pair());
    const inputs = { a: counting(64, 1), b: counting(64, 7) };
    const beside = Object.values(await request.inferAsync(inputs)).map((t) => t.slice());
    if (!(await s.runsSync()))
      return void (await fails(() => request.infer(inputs), 'SYNC_UNAVAILABLE', 'infer on a device that runs asynchronously only'));
    const once = Object.values(request.infer(inputs));
    beside.forEach((t, i) => closeTo(once[i], Array.from(t.data as Float32Array), `output ${i} of infer, beside that of inferAsync`));
    for (let i = 0; i < 20; i++) {
      const x = counting(3, i);
      closeTo(
        request.infer({ a: x, b: x }).second,
        Array.from(x.data as Float32Array, (v) => 2 * v),
        `run ${i} on the calling thread`,
      );
    }
  }),

  busy: check('Core checks names, types, shapes and ranges before it calls, and never calls while a run is pending.', async (s) => {
    const slow = await s.slow();
    const { request, x } = slow;
    const run = request.inferAsync({ x });
    run.catch(() => undefined); // it is awaited below
    await fails(() => request.inferAsync({ x }), 'BUSY', 'a second run of a request that is running');
    await fails(() => request.startAsync({ x }), 'BUSY', 'startAsync of a request that is running');
    await fails(() => request.setInputTensor(x), 'BUSY', 'setInputTensor of a request that is running');
    await fails(() => request.resetState(), 'BUSY', 'resetState of a request that is running');
    isSlowResult((await run).y, slow, 'the run that was pending');
    isSlowResult((await request.inferAsync({ x })).y, slow, 'the next run');
  }),

  told: check(
    ['Starts a run whose end `wait` and the callback tell of.', 'The end of the last run begun: its outputs, or its error.'],
    async (s) => {
      const request = await s.request(parabola());
      must((await request.wait()) === undefined, 'wait before any run gives something');
      const ended: (Error | null)[] = [];
      request.setCallback((error) => ended.push(error));
      request.startAsync({ x: anyVector });
      isParabola((await request.wait())?.y, anyVector, 'what wait gives');
      await Promise.resolve();
      equal(ended, [null], 'calls of the callback');
      must(await request.waitFor(1000), 'waitFor says that a run which ended is pending');
    },
  ),

  inputs: check('Inputs are read in place: not to be written before it settles.', async (s) => {
    const request = await s.request(pair());
    const [a, b] = [counting(32, 1), counting(32, 2)];
    const kept = [a, b].map((t) => t.slice());
    await request.inferAsync({ a, b });
    [a, b].forEach((t, i) => equal(t.data, (kept[i] as Tensor).data, `input ${i} after the run`));
    request.setInputTensor(1, vector(1, 1));
    request.setInputTensor(0, vector(5, 6));
    closeTo((await request.inferAsync()).second, [6, 7], 'a run on tensors that were set before');
    request.getInputTensor(0).data = Float32Array.of(50, 60);
    closeTo((await request.inferAsync()).second, [51, 61], 'a run after the tensor that is set was written');
  }),
});
