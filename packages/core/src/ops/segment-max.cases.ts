import { cases, f32, i32, i64 } from './cases.js';

/** Empty segments both ways, fewer segments than there are. */
export default cases('SegmentMax', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'zero fill',
      attributes: { fill_mode: 'zero' },
      inputs: [f32([3, 1], [-3, -1, -2]), i64([3], [0, 0, 2])],
      constants: [1],
      outputs: [f32([3, 1], [-1, 0, -2])],
    },
    {
      name: 'lowest fill, more segments',
      attributes: { fill_mode: 'lowest' },
      inputs: [i32([1], [5]), i64([1], [0]), i64([], [2])],
      constants: [1, 2],
      outputs: [i32([2], [5, -2147483648])],
    },
    {
      name: 'fewer segments',
      attributes: { fill_mode: 'zero' },
      inputs: [f32([2, 2], [1, 2, 3, 4]), i32([2], [0, 1]), i32([], [1])],
      constants: [2],
      outputs: [f32([1, 2], [1, 2])],
    },
  ],
});
