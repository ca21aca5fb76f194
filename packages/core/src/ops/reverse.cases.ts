import { bool, cases, f32, i64 } from './cases.js';

const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);

/** By index, from the end, by mask, nothing. */
export default cases('Reverse', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'rows', attributes: { mode: 'index' }, inputs: [x, i64([1], [0])], constants: [1], outputs: [f32([2, 3], [4, 5, 6, 1, 2, 3])] },
    {
      name: 'both',
      attributes: { mode: 'index' },
      inputs: [x, i64([2], [0, -1])],
      constants: [1],
      outputs: [f32([2, 3], [6, 5, 4, 3, 2, 1])],
    },
    {
      name: 'mask',
      attributes: { mode: 'mask' },
      inputs: [x, bool([2], [false, true])],
      constants: [1],
      outputs: [f32([2, 3], [3, 2, 1, 6, 5, 4])],
    },
    { name: 'nothing', attributes: { mode: 'index' }, inputs: [x, i64([0], [])], constants: [1], outputs: [x] },
  ],
});
