import { cases, f32 } from './cases.js';

const image = f32([1, 1, 1, 4], [0, 1, 2, 3]);
const plain = { output_dim: 1, spatial_scale: 1 };

export default cases('DeformablePSROIPooling', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    // The region starts at 1 - 0.5 and is two long.
    {
      name: 'one sample at the start',
      attributes: plain,
      inputs: [image, f32([1, 5], [0, 1, 0, 2, 0])],
      outputs: [f32([1, 1, 1, 1], [0.5])],
    },
    {
      name: 'two samples',
      attributes: { ...plain, spatial_bins_x: 2 },
      inputs: [image, f32([1, 5], [0, 1, 0, 2, 0])],
      outputs: [f32([1, 1, 1, 1], [1])],
    },
    {
      name: 'moved by half its width',
      attributes: { ...plain, trans_std: 0.5 },
      inputs: [image, f32([1, 5], [0, 1, 0, 2, 0]), f32([1, 2, 1, 1], [1, 0])],
      outputs: [f32([1, 1, 1, 1], [1.5])],
    },
    { name: 'outside', attributes: plain, inputs: [image, f32([1, 5], [0, 8, 0, 9, 0])], outputs: [f32([1, 1, 1, 1], [0])] },
  ],
  generate: (random) => {
    const [output_dim, group_size, part_size] = [random.int(1, 2), random.int(1, 3), random.int(1, 2)];
    const regions = Array.from({ length: 3 }, () => [
      random.int(0, 1),
      random.next() * 3,
      random.next() * 3,
      3 + random.next() * 3,
      3 + random.next() * 3,
    ]);
    const inputs = [
      random.tensor('f32', [2, output_dim * group_size * group_size, 7, 7]),
      f32([3, 5], regions.flat()),
      random.tensor('f32', [3, 2 * random.pick([1, output_dim]), part_size, part_size]),
    ];
    return {
      attributes: { output_dim, spatial_scale: 1, group_size, spatial_bins_x: 2, spatial_bins_y: 2, trans_std: 0.1, part_size },
      inputs: random.next() < 0.5 ? inputs : inputs.slice(0, 2),
    };
  },
});
