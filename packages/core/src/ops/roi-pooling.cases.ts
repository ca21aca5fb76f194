import { cases, f32 } from './cases.js';

const image = f32([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]);

export default cases('ROIPooling', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'largest of each part',
      attributes: { output_roi: [1, 2], spatial_scale: 1, method: 'max' },
      inputs: [image, f32([1, 5], [0, 0, 0, 1, 1])],
      outputs: [f32([1, 1, 1, 2], [4, 5])],
    },
    {
      name: 'the list ends at -1',
      attributes: { output_roi: [1, 1], spatial_scale: 0.5, method: 'max' },
      inputs: [image, f32([2, 5], [0, 0, 0, 4, 2, -1, 0, 0, 0, 0])],
      outputs: [f32([2, 1, 1, 1], [6, 0])],
    },
    {
      name: 'bilinear corners',
      attributes: { output_roi: [2, 2], spatial_scale: 1, method: 'bilinear' },
      inputs: [image, f32([1, 5], [0, 0, 0, 1, 1])],
      outputs: [f32([1, 1, 2, 2], [1, 3, 4, 6])],
    },
    {
      name: 'bilinear middle',
      attributes: { output_roi: [1, 1], spatial_scale: 1, method: 'bilinear' },
      inputs: [image, f32([1, 5], [0, 0, 0, 1, 1])],
      outputs: [f32([1, 1, 1, 1], [3.5])],
    },
  ],
  generate: (random) => {
    const method = random.pick(['max', 'bilinear']);
    const top = method === 'max' ? 6 : 1;
    const regions = Array.from({ length: 3 }, () => {
      const [x, y] = [random.next() * top * 0.5, random.next() * top * 0.5];
      return [random.int(0, 1), x, y, x + random.next() * top * 0.5, y + random.next() * top * 0.5];
    });
    return {
      attributes: { output_roi: [random.int(1, 3), random.int(1, 3)], spatial_scale: 1, method },
      inputs: [random.tensor('f32', [2, 2, 7, 8]), f32([3, 5], regions.flat())],
    };
  },
});
