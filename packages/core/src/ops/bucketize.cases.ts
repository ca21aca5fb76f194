import { cases, f32, i32, i64 } from './cases.js';

const edges = f32([3], [1, 2, 3]);

/** Both sides of a boundary, no boundaries. */
export default cases('Bucketize', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'right bound', inputs: [f32([4], [0, 1, 1.5, 9]), edges], constants: [1], outputs: [i64([4], [0, 0, 1, 3])] },
    {
      name: 'left bound',
      attributes: { with_right_bound: false, output_type: 'i32' },
      inputs: [f32([2, 2], [0, 1, 1.5, 9]), edges],
      constants: [1],
      outputs: [i32([2, 2], [0, 1, 1, 3])],
    },
    { name: 'no boundaries', inputs: [f32([2], [0, 1]), f32([0], [])], constants: [1], outputs: [i64([2], [0, 0])] },
  ],
});
