import { cases, f32, i32, i64 } from './cases.js';

const line = f32([1, 2, 3], [1, 3, 2, -1, -3, -2]);
const pair = { kernel: [2], strides: [1], pads_begin: [0], pads_end: [0] };

export default cases('MaxPool', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'indices in the whole tensor',
      attributes: pair,
      inputs: [line],
      outputs: [f32([1, 2, 2], [3, 3, -1, -2]), i64([1, 2, 2], [1, 1, 3, 5])],
    },
    {
      name: 'indices in the plane',
      attributes: { ...pair, axis: 2, index_element_type: 'i32' },
      inputs: [line],
      outputs: [f32([1, 2, 2], [3, 3, -1, -2]), i32([1, 2, 2], [1, 1, 0, 2])],
    },
    {
      name: 'padding never wins',
      attributes: { ...pair, pads_begin: [1], axis: 2 },
      inputs: [line],
      outputs: [f32([1, 2, 3], [1, 3, 3, -1, -1, -2]), i64([1, 2, 3], [0, 1, 1, 0, 0, 2])],
    },
    {
      name: 'dilated',
      attributes: { ...pair, dilations: [2] },
      inputs: [line],
      outputs: [f32([1, 2, 1], [2, -1]), i64([1, 2, 1], [2, 3])],
    },
    {
      name: 'rounded up',
      attributes: { ...pair, strides: [2], rounding_type: 'ceil' },
      inputs: [line],
      outputs: [f32([1, 2, 2], [3, 2, -1, -2]), i64([1, 2, 2], [1, 2, 3, 5])],
    },
    { name: 'integers', attributes: pair, inputs: [i32([1, 1, 2], [-5, -7])], outputs: [i32([1, 1, 1], [-5]), i64([1, 1, 1], [0])] },
  ],
  generate: (random) => {
    const axes = random.int(1, 3);
    const sizes = (lo: number, hi: number): number[] => Array.from({ length: axes }, () => random.int(lo, hi));
    return {
      attributes: {
        kernel: sizes(2, 3),
        strides: sizes(1, 3),
        dilations: sizes(1, 2),
        pads_begin: sizes(0, 1),
        pads_end: sizes(0, 1),
        axis: random.int(0, 2),
        rounding_type: random.pick(['floor', 'ceil', 'ceil_torch']),
        auto_pad: random.pick(['explicit', 'explicit', 'same_upper', 'same_lower', 'valid']),
      },
      inputs: [random.tensor('f32', [random.int(1, 2), random.int(1, 3), ...sizes(5, 7)])],
    };
  },
});
