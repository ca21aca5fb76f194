/** @file Whose the tensors are that a run gives. */
import { Tensor } from '@cuvee/core';
import { area, check, equal, must } from './check.js';
import { closeTo, counting, isParabola, modelOf, pair, parabola, vector } from './models.js';
import { anyVector } from './subject.js';

export const outputs = area('outputs', {
  given: check(
    'A given output tensor is written in place when its type and shape fit; where it is undefined the device gives a tensor that stays valid until the next run.',
    async (s) => {
      const request = await s.request(pair());
      const mine = new Tensor('f32', [2], new Float32Array(2).fill(-1));
      const storage = mine.data;
      request.setOutputTensor(1, mine);
      for (const add of [0, 10]) {
        const result = await request.inferAsync({ a: vector(1, 2), b: vector(3 + add, 4 + add) });
        equal(storage, Float32Array.of(4 + add, 6 + add), 'memory of the tensor that was given for the output');
        must(result.second?.data === storage || result.second === mine, 'the output is another tensor than the one that was given');
        closeTo(result.first, [(3 + add) * 1 + 1, (4 + add) * 2 + 2], 'the output for which none was given');
      }
    },
  ),
  givenSync: check('The same on the calling thread.', async (s) => {
    const request = await s.request(parabola());
    if (!(await s.runsSync())) return;
    const mine = new Tensor('f32', [3]);
    request.setOutputTensor(mine);
    request.infer({ x: anyVector });
    isParabola(mine, anyVector, 'the tensor that was given for the output');
  }),

  misfit: check('A tensor that runs write in place when it has the output’s shape.', async (s) => {
    const request = await s.request(parabola());
    request.setOutputTensor(new Tensor('f32', [7]));
    isParabola((await request.inferAsync({ x: anyVector })).y, anyVector, 'output for which a tensor of another shape was given');
  }),

  valid: check('Output tensors stay valid until this request runs again.', async (s) => {
    const compiled = await s.compile(parabola());
    const [one, other] = [s.hold(compiled.createInferRequest()), s.hold(compiled.createInferRequest())];
    const x = counting(64);
    const { y } = await one.inferAsync({ x });
    const copy = y?.slice();
    for (let i = 0; i < 8; i++) await other.inferAsync({ x: counting(64, 1000 + i) });
    isParabola(y, x, 'output of a request after another one ran');
    isParabola(one.getOutputTensor(), x, 'getOutputTensor after another request ran');
    await one.inferAsync({ x: counting(64, 5) });
    isParabola(copy, x, 'a copy of the output after the request ran again');
  }),

  apart: check("A view of the request's memory, valid until its next run.", async (s) => {
    const request = await s.request(
      modelOf('through', (g) => {
        const x = g.parameter('f32', '?', 'x');
        return { inputs: [x], outputs: { y: x, z: g.add(x, x) } };
      }),
    );
    const x = vector(1, 2, 3);
    const { y } = await request.inferAsync({ x });
    x.data = Float32Array.of(9, 9, 9);
    closeTo(y, [1, 2, 3], 'an input handed through, after the caller wrote the input again');
  }),

  chained: check('An output of one request may be an input of another, or of its own next run.', async (s) => {
    const compiled = await s.compile(parabola());
    const [one, other] = [s.hold(compiled.createInferRequest()), s.hold(compiled.createInferRequest())];
    const x = vector(0.5, 1);
    const { y } = await one.inferAsync({ x });
    closeTo((await other.inferAsync({ x: y as Tensor })).y, [1.3125, 6], 'the parabola of a parabola');
    closeTo((await one.inferAsync({ x: y as Tensor })).y, [1.3125, 6], 'a run on the output of the same request');
  }),
});
