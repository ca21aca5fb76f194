import { cases, f32 } from './cases.js';
import { randomWindows } from './convolution.cases.js';

const plain = { strides: [1], dilations: [1], pads_begin: [0], pads_end: [0] };

export default cases('GroupConvolution', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'depthwise',
      attributes: plain,
      inputs: [f32([1, 2, 2], [1, 2, 3, 4]), f32([2, 1, 1, 2], [1, 10, 100, 1])],
      outputs: [f32([1, 2, 1], [21, 304])],
    },
    {
      name: 'two outputs for each group',
      attributes: plain,
      inputs: [f32([1, 4, 1], [1, 2, 3, 4]), f32([2, 2, 2, 1], [1, 0, 0, 1, 1, 1, 2, 2])],
      outputs: [f32([1, 4, 1], [1, 2, 7, 14])],
    },
  ],
  generate: (random) => {
    const axes = random.int(1, 3);
    const [n, groups, inputs, out] = [random.int(1, 2), random.int(1, 3), random.int(1, 3), random.int(1, 3)];
    const sizes = (lo: number, hi: number): number[] => Array.from({ length: axes }, () => random.int(lo, hi));
    return {
      attributes: { ...randomWindows(random, axes), auto_pad: random.pick(['explicit', 'same_upper', 'same_lower', 'valid']) },
      inputs: [random.tensor('f32', [n, groups * inputs, ...sizes(5, 7)]), random.tensor('f32', [groups, out, inputs, ...sizes(1, 3)])],
    };
  },
});
