import { bool, cases, f32, i32, i64 } from './cases.js';

/** Elements, rows, reductions, equal tuples. */
export default cases('ScatterNDUpdate', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    {
      name: 'elements',
      inputs: [f32([2, 2], [1, 2, 3, 4]), i32([2, 2], [0, 1, 1, -1]), f32([2], [8, 9])],
      outputs: [f32([2, 2], [1, 8, 3, 9])],
    },
    { name: 'rows', inputs: [i64([2, 2], [1, 2, 3, 4]), i64([1, 1], [1]), i64([1, 2], [8, 9])], outputs: [i64([2, 2], [1, 2, 8, 9])] },
    {
      name: 'sum of equal tuples',
      attributes: { reduction: 'sum' },
      inputs: [f32([2], [1, 2]), i64([2, 1], [0, 0]), f32([2], [10, 20])],
      outputs: [f32([2], [31, 2])],
    },
    {
      name: 'difference',
      attributes: { reduction: 'sub' },
      inputs: [i32([2], [1, 2]), i64([1, 1], [1]), i32([1], [5])],
      outputs: [i32([2], [1, -3])],
    },
    {
      name: 'and of booleans',
      attributes: { reduction: 'prod' },
      inputs: [bool([2], [true, true]), i64([1, 1], [0]), bool([1], [false])],
      outputs: [bool([2], [false, true])],
    },
  ],
});
