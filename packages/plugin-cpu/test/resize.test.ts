/** Pictures resized natively against the room, over every mode, layout and number of channels. */
import { expect, test } from 'vitest';
import { builder, Core, interpret, Model, Tensor } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../core/src/ops/cases.js';

const core = new Core({ plugins: [cpu()], frontends: [] });
const modes = ['nearest', 'linear', 'linear_onnx', 'cubic', 'bilinear_pillow', 'bicubic_pillow'] as const;

const cases = (['u8', 'f32'] as const).flatMap((type) =>
  modes.flatMap((mode) =>
    [
      { shape: [2, 17, 23, 3], axes: [1, 2], sizes: [40, 11] },
      { shape: [1, 30, 9, 4], axes: [1, 2], sizes: [7, 31] },
      { shape: [9, 14, 5], axes: [0, 1], sizes: [20, 14] },
      { shape: [1, 2, 19, 33], axes: [2, 3], sizes: [8, 80] },
      { shape: [2, 3, 12, 2], axes: [2], sizes: [5] },
    ].map((c) => ({ type, mode, ...c })),
  ),
);

test.each(cases)('$type $mode $shape over $axes to $sizes', async ({ type, mode, shape, axes, sizes }) => {
  const g = builder();
  const x = g.parameter(type, shape.map(() => '?').join(), 'x');
  const y = g.interpolate(x, g.ints(sizes), g.ints(axes), { mode, shape_calculation_mode: 'sizes' });
  const model = new Model({ name: 'resize', parameters: [x.node], results: [g.result(y)], scope: g.scope });
  const data = new Random(shape.length).tensor(type, shape, 0, 255);
  const [want] = interpret(model, [data.nd()]);
  const compiled = await core.compileModel(model, 'CPU');
  const request = compiled.createInferRequest();
  await request.inferAsync([new Tensor(type, shape, data.storage)]);
  const got = request.getOutputTensor(0);
  expect(got.shape).toEqual(want!.shape);
  const far = Array.from(want!.data as Float32Array, (v, i) => Math.abs(v - Number(got.data[i])));
  // Sums that lie just between two bytes may round either way.
  if (type === 'u8') expect(far.filter((d) => d > 0).length).toBeLessThanOrEqual(0.06 * far.length);
  expect(Math.max(...far)).toBeLessThanOrEqual(type === 'u8' ? 1 : 1e-3);
  compiled.release();
});
