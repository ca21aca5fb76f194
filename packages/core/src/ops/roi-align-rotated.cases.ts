import { cases, f32, i32 } from './cases.js';

const image = f32(
  [1, 1, 4, 4],
  Array.from({ length: 16 }, (_, i) => i),
);
const two = { pooled_h: 1, pooled_w: 2, sampling_ratio: 1, spatial_scale: 1 };
const first = i32([1], [0]);

export default cases('ROIAlignRotated', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    // The centre (2, 2) is place (1.5, 1.5) of value 7.5; parts lie half a column from it.
    { name: 'not turned', attributes: two, inputs: [image, f32([1, 5], [2, 2, 2, 2, 0]), first], outputs: [f32([1, 1, 1, 2], [7, 8])] },
    {
      name: 'a quarter turn against the clock',
      attributes: two,
      inputs: [image, f32([1, 5], [2, 2, 2, 2, Math.PI / 2]), first],
      outputs: [f32([1, 1, 1, 2], [9.5, 5.5])],
    },
    {
      name: 'a quarter turn with the clock',
      attributes: { ...two, clockwise_mode: true },
      inputs: [image, f32([1, 5], [2, 2, 2, 2, Math.PI / 2]), first],
      outputs: [f32([1, 1, 1, 2], [5.5, 9.5])],
    },
  ],
  generate: (random) => ({
    attributes: {
      pooled_h: random.int(1, 3),
      pooled_w: random.int(1, 3),
      sampling_ratio: random.int(0, 2),
      spatial_scale: random.pick([1, 0.5]),
      clockwise_mode: random.next() < 0.5,
    },
    inputs: [
      random.tensor('f32', [2, 2, 7, 8]),
      f32(
        [3, 5],
        Array.from({ length: 15 }, () => 1 + random.next() * 4),
      ),
      i32([3], [0, 1, 1]),
    ],
  }),
});
