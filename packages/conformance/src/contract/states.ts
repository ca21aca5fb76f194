/** @file States that live from run to run. */
import { Tensor, type InferRequest, type VariableState } from '@cuvee/core';
import { area, check, equal, must } from './check.js';
import { accumulator, closeTo, parabola, vector } from './models.js';
import type { Subject } from './subject.js';

async function accumulating(s: Subject): Promise<InferRequest> {
  await s.needs(accumulator());
  return s.request(accumulator());
}
function only(request: InferRequest): VariableState {
  const [state, ...more] = request.queryState();
  must(state && more.length === 0, `the model has one state, the request ${more.length + (state ? 1 : 0)}`);
  equal(state.name, 'sum', 'name of the state');
  return state;
}
const one = vector(1, 2);

export const states = area('states', {
  kept: check('A state that lives from run to run in one request, read and assigned by nodes.', async (s) => {
    const request = await accumulating(s);
    for (const expected of [
      [11, 22],
      [12, 24],
      [13, 26],
    ])
      closeTo((await request.inferAsync({ x: one })).y, expected, 'a sum over runs');
  }),
  own: check('Holds the tensors and states of one stream of inferences.', async (s) => {
    const request = await accumulating(s);
    const other = s.hold(request.getCompiledModel().createInferRequest());
    await request.inferAsync({ x: one });
    closeTo((await other.inferAsync({ x: one })).y, [11, 22], 'the first run of another request of the model');
    closeTo((await request.inferAsync({ x: one })).y, [12, 24], 'the second run of the first request');
    const [a, b] = await Promise.all([request.inferAsync({ x: one }), other.inferAsync({ x: one })]);
    closeTo(a.y, [13, 26], 'one of two runs at once');
    closeTo(b.y, [12, 24], 'the other of two runs at once');
  }),
  touched: check('The states that live from run to run, to be read, set and reset one by one.', async (s) => {
    const request = await accumulating(s);
    await request.inferAsync({ x: one });
    closeTo(only(request).get(), [11, 22], 'the state, read');
    only(request).set(new Tensor('f32', [2], Float32Array.of(100, 200)));
    closeTo(only(request).get(), [100, 200], 'the state that was set, read');
    closeTo((await request.inferAsync({ x: one })).y, [101, 202], 'a run after the state was set');
  }),
  initial: check(['Back to the initial value.', 'All states back to their initial values.'], async (s) => {
    const request = await accumulating(s);
    await request.inferAsync({ x: one });
    await request.inferAsync({ x: one });
    only(request).reset();
    closeTo((await request.inferAsync({ x: one })).y, [11, 22], 'a run after the state was reset');
    request.resetState();
    closeTo((await request.inferAsync({ x: one })).y, [11, 22], 'a run after all states were reset');
  }),
  none: check('A state that lives from run to run in one request, read and assigned by nodes.', async (s) => {
    equal((await s.request(parabola())).queryState().length, 0, 'number of states of a model that has none');
  }),
});
