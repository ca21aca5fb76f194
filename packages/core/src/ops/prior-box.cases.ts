import { cases, f32, i64 } from './cases.js';

const one = i64([2], [1, 1]);
const image = i64([2], [100, 200]);
const plain = { offset: 0.5, variance: [0.1, 0.2, 0.3, 0.4] };

export default cases('PriorBox', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'smallest, then largest',
      attributes: { ...plain, min_size: [20], max_size: [80] },
      inputs: [one, image],
      constants: [0, 1],
      outputs: [f32([2, 8], [0.45, 0.4, 0.55, 0.6, 0.4, 0.3, 0.6, 0.7, 0.1, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.4])],
    },
    {
      name: 'ratio and its inverse',
      attributes: { ...plain, min_size: [20], aspect_ratio: [4], flip: true, variance: [0.1] },
      inputs: [one, image],
      constants: [0, 1],
      outputs: [f32([2, 12], [0.45, 0.4, 0.55, 0.6, 0.4, 0.45, 0.6, 0.55, 0.475, 0.3, 0.525, 0.7, ...new Array<number>(12).fill(0.1)])],
    },
    {
      name: 'step and clipping',
      attributes: { ...plain, min_size: [80], step: 20, clip: true },
      inputs: [one, image],
      constants: [0, 1],
      outputs: [f32([2, 4], [0, 0, 0.25, 0.5, 0.1, 0.2, 0.3, 0.4])],
    },
  ],
  generate: (random) => {
    const dense = random.next() < 0.4;
    return {
      attributes: {
        ...plain,
        min_size: dense ? [] : [16, 24],
        max_size: dense ? [] : random.pick([[], [32, 48]]),
        ...(dense && { fixed_size: [16, 32], density: [1, 2], fixed_ratio: random.pick([[], [1, 2]]) }),
        aspect_ratio: random.pick([[], [2], [2, 3]]),
        flip: random.next() < 0.5,
        clip: random.next() < 0.5,
        step: random.pick([0, 16]),
        variance: random.pick([[], [0.1], [0.1, 0.2, 0.3, 0.4]]),
        scale_all_sizes: dense || random.next() < 0.7,
        min_max_aspect_ratios_order: random.next() < 0.5,
      },
      inputs: [i64([2], [random.int(1, 3), random.int(1, 3)]), image],
      constants: random.pick([[], [0], [0, 1]]),
    };
  },
});
