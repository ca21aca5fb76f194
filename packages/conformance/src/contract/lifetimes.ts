/** @file Who lives how long, and what is left to whom comes too late. */
import { CuveeError } from '@cuvee/core';
import { area, check, equal, fails, must } from './check.js';
import { isParabola, parabola } from './models.js';
import { anyVector, isSlowResult } from './subject.js';

export const lifetimes = area('lifetimes', {
  twice: check('Frees all that it holds; safe to call twice.', async (s) => {
    const raw = await s.raw(parabola());
    const request = raw.createRequest();
    const [y] = await request.run([anyVector], [undefined], {});
    isParabola(y, anyVector, 'a run of the device’s own request');
    for (const one of [request, request, raw, raw]) one.release();
    const compiled = await s.compile(parabola());
    compiled.release();
    compiled.release();
    compiled[Symbol.dispose]();
    isParabola((await (await s.request(parabola())).inferAsync({ x: anyVector })).y, anyVector, 'another model after that');
  }),

  request: check(
    'Frees native memory at once, and lets go of its tensors, which stay readable for those who hold them; asked for them, it throws ARGUMENT_INVALID from then on. Safe to call twice.',
    async (s) => {
      const compiled = await s.compile(parabola());
      const request = compiled.createInferRequest();
      const { y } = await request.inferAsync({ x: anyVector });
      request.release();
      request.release();
      await fails(() => request.inferAsync({ x: anyVector }), 'ARGUMENT_INVALID', 'a run of a request that was released');
      await fails(() => request.infer({ x: anyVector }), 'ARGUMENT_INVALID', 'infer of a request that was released');
      await fails(() => request.setInputTensor(anyVector), 'ARGUMENT_INVALID', 'setInputTensor of a request that was released');
      await fails(() => request.getOutputTensor(0), 'ARGUMENT_INVALID', 'getOutputTensor of a request that was released');
      isParabola(y, anyVector, 'an output of a request that was released');
      const other = s.hold(compiled.createInferRequest());
      isParabola((await other.inferAsync({ x: anyVector })).y, anyVector, 'another request of the model');
    },
  ),

  model: check('Frees native memory at once; requests made from it fail from now on.', async (s) => {
    const compiled = await s.compile(parabola());
    const request = s.hold(compiled.createInferRequest());
    await request.inferAsync({ x: anyVector });
    compiled.release();
    for (const [what, work] of Object.entries({
      createInferRequest: () => compiled.createInferRequest(),
      exportModel: () => compiled.exportModel(),
      explain: () => compiled.explain(),
      'a run of a request made before': () => request.inferAsync({ x: anyVector }),
    }))
      await fails(work, 'ARGUMENT_INVALID', `${what} of a model that was released`);
  }),

  pending: check('Requests in flight finish first.', async (s) => {
    const slow = await s.slow();
    const compiled = slow.request.getCompiledModel();
    const beside = Array.from({ length: 2 }, () => s.hold(compiled.createInferRequest()));
    const runs = [slow.request, ...beside].map((request) => request.inferAsync({ x: slow.x }));
    for (const run of runs) run.catch(() => undefined); // each is awaited in turn
    await new Promise((resolve) => setTimeout(resolve, slow.milliseconds / 10));
    compiled.release();
    for (const [i, run] of runs.entries()) isSlowResult((await run).y, slow, `run ${i}, pending when the model was released`);
  }),

  dropped: check('What happens to one request happens to no other.', async (s) => {
    const slow = await s.slow();
    const compiled = slow.request.getCompiledModel();
    const request = compiled.createInferRequest();
    const run = request.inferAsync({ x: slow.x });
    run.catch(() => undefined); // it is awaited below
    await new Promise((resolve) => setTimeout(resolve, slow.milliseconds / 10));
    request.release();
    const ended: unknown = await run.catch((error: unknown) => error);
    if (ended instanceof Error) must(ended instanceof CuveeError, `the pending run rejected with ${String(ended)}`);
    isSlowResult((await slow.request.inferAsync({ x: slow.x })).y, slow, 'another request of the model after that');
  }),

  outlived: check('Forgets a device; models compiled for it go on.', async (s) => {
    const core = await s.bareCore();
    const compiled = s.hold(await core.compileModel(parabola(), s.device));
    const request = s.hold(compiled.createInferRequest());
    core.unloadPlugin(s.plugin);
    isParabola((await request.inferAsync({ x: anyVector })).y, anyVector, 'a run after the plugin was unloaded');
    await fails(() => core.compileModel(parabola(), s.device), 'DEVICE_NOT_FOUND', 'compiling after the plugin was unloaded');
  }),

  explained: check(
    [
      'What became of the model: fusions, kernels, layouts, memory, or who got what.',
      'One row per node or step: free fields for the device, text and JSON for people and machines.',
      'By numbers of boxes; a wire never leads back.',
    ],
    async (s) => {
      const compiled = await s.compile(parabola());
      const { summary, rows, diagram } = compiled.explain();
      for (const row of [summary, ...rows])
        for (const [key, value] of Object.entries(row))
          must(['string', 'number'].includes(typeof value), `explain: ${key} is ${typeof value}`);
      equal(JSON.parse(JSON.stringify({ summary, rows })), { summary, rows }, 'explain, through JSON');
      for (const { from, to } of diagram?.wires ?? [])
        must(
          from < to && diagram?.boxes[from] && diagram.boxes[to],
          `its drawing has a wire from box ${from} to box ${to} of ${diagram?.boxes.length}`,
        );
    },
  ),

  served: check('Devices that served the last run, when that differs from `executionDevices`.', async (s) => {
    const request = await s.request(parabola());
    await request.inferAsync({ x: anyVector });
    must(request.executionDevices.length > 0, 'no device served the run');
    for (const name of request.executionDevices) must(s.host.properties(name), `it was served by ${name}`);
  }),
});
