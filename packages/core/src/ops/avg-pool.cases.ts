import { cases, f32 } from './cases.js';

const line = f32([1, 1, 4], [1, 2, 3, 6]);
const pair = { kernel: [2], strides: [2], pads_begin: [0], pads_end: [0], 'exclude-pad': true };

export default cases('AvgPool', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'pairs', attributes: pair, inputs: [line], outputs: [f32([1, 1, 2], [1.5, 4.5])] },
    {
      name: 'pads left out',
      attributes: { ...pair, pads_begin: [1], pads_end: [1] },
      inputs: [line],
      outputs: [f32([1, 1, 3], [1, 2.5, 6])],
    },
    {
      name: 'pads counted',
      attributes: { ...pair, pads_begin: [1], pads_end: [1], 'exclude-pad': false },
      inputs: [line],
      outputs: [f32([1, 1, 3], [0.5, 2.5, 3])],
    },
    {
      name: 'rounded up',
      attributes: { ...pair, kernel: [3], rounding_type: 'ceil' },
      inputs: [line],
      outputs: [f32([1, 1, 2], [2, 4.5])],
    },
    { name: 'dilated', attributes: { ...pair, strides: [1], dilations: [2] }, inputs: [line], outputs: [f32([1, 1, 2], [2, 4])] },
    {
      name: 'same_upper',
      attributes: { ...pair, strides: [1], auto_pad: 'same_upper' },
      inputs: [line],
      outputs: [f32([1, 1, 4], [1.5, 2.5, 4.5, 6])],
    },
  ],
  generate: (random) => {
    const axes = random.int(1, 3);
    const sizes = (lo: number, hi: number): number[] => Array.from({ length: axes }, () => random.int(lo, hi));
    return {
      attributes: {
        kernel: sizes(2, 3),
        strides: sizes(1, 3),
        pads_begin: sizes(0, 1),
        pads_end: sizes(0, 1),
        'exclude-pad': random.next() < 0.5,
        rounding_type: random.pick(['floor', 'ceil', 'ceil_torch']),
        auto_pad: random.pick(['explicit', 'explicit', 'same_upper', 'same_lower', 'valid']),
      },
      inputs: [random.tensor('f32', [random.int(1, 2), random.int(1, 3), ...sizes(4, 7)])],
    };
  },
});
