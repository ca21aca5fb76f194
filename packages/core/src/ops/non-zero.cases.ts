import { bool, cases, f32, i64 } from './cases.js';

/** Floats, booleans, nothing found, a scalar. */
export default cases('NonZero', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'matrix', inputs: [f32([2, 3], [1, 0, -1, 0, 0, Number.NaN])], outputs: [i64([2, 3], [0, 0, 1, 0, 2, 2])] },
    { name: 'boolean', inputs: [bool([3], [false, true, true])], outputs: [i64([1, 2], [1, 2])] },
    { name: 'nothing', inputs: [f32([2, 2], [0, 0, 0, -0])], outputs: [i64([2, 0], [])] },
    { name: 'no elements', inputs: [f32([0, 2], [])], outputs: [i64([2, 0], [])] },
  ],
});
