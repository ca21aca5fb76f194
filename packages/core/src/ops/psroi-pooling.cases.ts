import { cases, f32 } from './cases.js';

export default cases('PSROIPooling', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    // Each quarter of the region reads a channel of its own.
    {
      name: 'a channel for each part',
      attributes: { output_dim: 1, group_size: 2, spatial_scale: 1 },
      inputs: [
        f32(
          [1, 4, 2, 2],
          Array.from({ length: 16 }, (_, i) => i),
        ),
        f32([1, 5], [0, 0, 0, 1, 1]),
      ],
      outputs: [f32([1, 1, 2, 2], [0, 5, 10, 15])],
    },
    {
      name: 'mean of the image',
      attributes: { output_dim: 1, group_size: 1, spatial_scale: 1 },
      inputs: [f32([1, 1, 2, 2], [1, 2, 3, 4]), f32([1, 5], [0, 0, 0, 1, 1])],
      outputs: [f32([1, 1, 1, 1], [2.5])],
    },
    {
      name: 'bilinear, two bins',
      attributes: { output_dim: 1, group_size: 1, spatial_scale: 1, mode: 'bilinear', spatial_bins_x: 2 },
      inputs: [f32([1, 2, 1, 3], [0, 1, 2, 10, 11, 12]), f32([1, 5], [0, 0, 0, 1, 1])],
      outputs: [f32([1, 1, 1, 1], [6])],
    },
  ],
  generate: (random) => {
    const average = random.next() < 0.5;
    const [output_dim, group_size, bx, by] = [random.int(1, 3), random.int(1, 3), random.int(1, 2), random.int(1, 2)];
    const top = average ? 6 : 1;
    const regions = Array.from({ length: 3 }, () => {
      const [x, y] = [random.next() * top * 0.5, random.next() * top * 0.5];
      return [random.int(0, 1), x, y, x + random.next() * top * 0.5, y + random.next() * top * 0.5];
    });
    return {
      attributes: {
        output_dim,
        group_size,
        spatial_scale: 1,
        mode: average ? 'average' : 'bilinear',
        spatial_bins_x: bx,
        spatial_bins_y: by,
      },
      inputs: [random.tensor('f32', [2, output_dim * (average ? group_size * group_size : bx * by), 7, 8]), f32([3, 5], regions.flat())],
    };
  },
});
