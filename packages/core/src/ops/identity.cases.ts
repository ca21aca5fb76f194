import { cases, f32, i64 } from './cases.js';

/** Any type and rank. */
export default cases('Identity', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'matrix', inputs: [f32([2, 2], [1, 2, 3, 4])], outputs: [f32([2, 2], [1, 2, 3, 4])] },
    { name: 'scalar', inputs: [i64([], [5])], outputs: [i64([], [5])] },
  ],
});
