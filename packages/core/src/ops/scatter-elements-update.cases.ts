import { bool, cases, f32, i32, i64 } from './cases.js';

const x = f32([3], [1, 2, 3]);
const axis = i64([], [0]);

/** Replacing, every reduction, without the old value, booleans. */
export default cases('ScatterElementsUpdate', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    {
      name: 'replaces',
      inputs: [f32([2, 2], [1, 2, 3, 4]), i64([1, 2], [1, 0]), f32([1, 2], [8, 9]), axis],
      constants: [3],
      outputs: [f32([2, 2], [1, 9, 8, 4])],
    },
    {
      name: 'sum',
      attributes: { reduction: 'sum' },
      inputs: [x, i32([3], [0, 0, -1]), f32([3], [10, 20, 30]), axis],
      constants: [3],
      outputs: [f32([3], [31, 2, 33])],
    },
    {
      name: 'product without the old value',
      attributes: { reduction: 'prod', use_init_val: false },
      inputs: [x, i32([2], [2, 2]), f32([2], [10, 20]), axis],
      constants: [3],
      outputs: [f32([3], [1, 2, 200])],
    },
    {
      name: 'mean',
      attributes: { reduction: 'mean' },
      inputs: [x, i32([2], [1, 1]), f32([2], [4, 6]), axis],
      constants: [3],
      outputs: [f32([3], [1, 4, 3])],
    },
    {
      name: 'mean of integers rounds down',
      attributes: { reduction: 'mean', use_init_val: false },
      inputs: [i64([1], [7]), i64([2], [0, 0]), i64([2], [-1, -2]), axis],
      constants: [3],
      outputs: [i64([1], [-2])],
    },
    {
      name: 'max',
      attributes: { reduction: 'max' },
      inputs: [x, i32([2], [0, 2]), f32([2], [5, 1]), axis],
      constants: [3],
      outputs: [f32([3], [5, 2, 3])],
    },
    {
      name: 'booleans',
      attributes: { reduction: 'sum' },
      inputs: [bool([2], [true, false]), i64([2], [0, 1]), bool([2], [true, true]), axis],
      constants: [3],
      outputs: [bool([2], [true, true])],
    },
  ],
});
