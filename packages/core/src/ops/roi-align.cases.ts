import { cases, f32, i32, of } from './cases.js';

const image = f32([1, 1, 2, 2], [1, 2, 3, 4]);
const one = { pooled_h: 1, pooled_w: 1, sampling_ratio: 1, spatial_scale: 1, mode: 'avg' };
const first = i32([1], [0]);

export default cases('ROIAlign', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'one sample in the middle',
      attributes: one,
      inputs: [image, f32([1, 4], [0, 0, 1, 1]), first],
      outputs: [f32([1, 1, 1, 1], [2.5])],
    },
    {
      name: 'asymmetric regions are at least 1 long',
      attributes: one,
      inputs: [image, f32([1, 4], [0, 0, 0, 0]), first],
      outputs: [f32([1, 1, 1, 1], [2.5])],
    },
    {
      name: 'half a pixel back',
      attributes: { ...one, aligned_mode: 'half_pixel_for_nn' },
      inputs: [image, f32([1, 4], [0, 0, 2, 2]), first],
      outputs: [f32([1, 1, 1, 1], [2.5])],
    },
    {
      name: 'half a pixel forth, scaled, and back',
      attributes: { ...one, aligned_mode: 'half_pixel', spatial_scale: 0.5 },
      inputs: [image, f32([1, 4], [0, 0, 2, 2]), first],
      outputs: [f32([1, 1, 1, 1], [1.75])],
    },
    {
      name: 'largest, four samples',
      attributes: { ...one, mode: 'max', sampling_ratio: 2 },
      inputs: [image, f32([1, 4], [0, 0, 1, 1]), first],
      outputs: [f32([1, 1, 1, 1], [3.25])],
    },
    {
      name: 'largest of negative samples',
      attributes: { ...one, mode: 'max' },
      inputs: [f32([1, 1, 1, 1], [-2]), f32([1, 4], [0, 0, 1, 1]), first],
      outputs: [f32([1, 1, 1, 1], [0])],
    },
  ],
  generate: (random) => {
    const type = random.pick(['f32', 'f32', 'f64'] as const);
    const regions = Array.from({ length: 3 }, () => {
      const [x, y] = [random.next() * 4, random.next() * 4];
      return [x - 2, y - 2, x + random.next() * 6, y + random.next() * 6];
    });
    return {
      attributes: {
        pooled_h: random.int(1, 3),
        pooled_w: random.int(1, 3),
        sampling_ratio: random.int(0, 3),
        spatial_scale: random.pick([1, 0.5]),
        mode: random.pick(['avg', 'max']),
        aligned_mode: random.pick(['asymmetric', 'half_pixel', 'half_pixel_for_nn']),
      },
      inputs: [random.tensor(type, [2, 2, 7, 8]), of(type)([3, 4], regions.flat()), i32([3], [0, 1, 1])],
    };
  },
});
