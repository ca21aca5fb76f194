/** @file Any shape, also none: one compiled model serves them. */
import { Tensor, type ElementType } from '@cuvee/core';
import { area, check, equal, fails, must } from './check.js';
import { closeTo, counting, isParabola, modelOf, pair, parabola, vector } from './models.js';
import { anyVector } from './subject.js';

const types: readonly ElementType[] = ['f32', 'f64', 'f16', 'bf16', 'i64', 'i32', 'i16', 'i8', 'u64', 'u32', 'u16', 'u8'];

export const shapes = area('shapes', {
  dynamic: check('A compiled model serves every size that its ports admit, zero among them.', async (s) => {
    const request = await s.request(parabola());
    for (const n of [4, 1, 1000, 3, 17, 1, 4096, 5]) {
      const x = counting(n);
      isParabola((await request.inferAsync({ x })).y, x, `[${n}] after other sizes`);
    }
  }),
  zero: check('A compiled model serves every size that its ports admit, zero among them.', async (s) => {
    const request = await s.request(parabola());
    for (const x of [vector(), anyVector, vector()]) isParabola((await request.inferAsync({ x })).y, x, `[${x.size}]`);
  }),
  scalar: check('Dimensions; empty for a scalar.', async (s) => {
    await s.needs(parabola('[]'));
    const request = await s.request(parabola('[]'));
    const x = new Tensor('f32', [], Float32Array.of(3));
    isParabola((await request.inferAsync({ x })).y, x, 'a scalar');
  }),
  ranged: check("a tensor may have any shape that the port's partial shape admits", async (s) => {
    await s.needs(parabola('2..4,?'));
    const request = await s.request(parabola('2..4,?'));
    for (const shape of [
      [2, 3],
      [4, 1],
      [3, 0],
    ] as const) {
      const x = new Tensor('f32', shape, new Float32Array(shape[0] * shape[1]).fill(2));
      isParabola((await request.inferAsync({ x })).y, x, `[${shape.join(',')}] for [2..4,?]`);
    }
    await fails(() => request.inferAsync({ x: new Tensor('f32', [5, 1]) }), 'SHAPE_MISMATCH', '[5,1] for [2..4,?]');
    await fails(() => request.inferAsync({ x: new Tensor('f32', [2]) }), 'SHAPE_MISMATCH', '[2] for [2..4,?]');
  }),
  data: check('Outputs have the size that the data tells.', async (s) => {
    const model = modelOf('found', (g) => {
      const x = g.parameter('f32', '?', 'x');
      return { inputs: [x], outputs: { y: g.nonZero(x) } };
    });
    await s.needs(model);
    const request = await s.request(model);
    for (const values of [
      [0, 1, 0, 2],
      [0, 0],
      [5, 5, 5],
    ]) {
      const found = values.flatMap((v, i) => (v === 0 ? [] : [i]));
      closeTo((await request.inferAsync({ x: vector(...values) })).y, found, `places of what is not zero in ${values.join()}`, [
        1,
        found.length,
      ]);
    }
  }),
  types: check('Core checks names, types, shapes and ranges before it calls, and never calls while a run is pending.', async (s) => {
    let run = 0;
    for (const type of types) {
      const model = parabola('?', type);
      const refused = [...(await s.core.explainSupport(model, s.device))].some(([, answer]) => answer !== true);
      if (refused) continue;
      run++;
      const request = await s.request(model);
      const x = Tensor.from(type, [3], [1, 2, 3]);
      const { y } = await request.inferAsync({ x });
      equal(y?.type, type, `type of the output of a parabola of ${type}`);
      isParabola(y, x, `parabola of ${type}`);
    }
    must(run > 0, 'it adds and multiplies no type of number at all');
  }),
  disagreeing: check('After a run that fails, the request runs the next one as if nothing had been.', async (s) => {
    const request = await s.request(pair());
    await fails(() => request.inferAsync({ a: vector(1, 2), b: vector(1, 2, 3) }), undefined, 'adding [2] to [3]');
    closeTo((await request.inferAsync({ a: vector(1), b: vector(2) })).second, [3], 'the next run of the same request');
  }),
});
