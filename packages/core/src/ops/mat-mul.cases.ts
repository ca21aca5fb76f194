import { cases, f32, i64 } from './cases.js';

const a = f32([2, 3], [1, 2, 3, 4, 5, 6]);

export default cases('MatMul', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'plain', inputs: [a, f32([3, 2], [1, 0, 0, 1, 1, 1])], outputs: [f32([2, 2], [4, 5, 10, 11])] },
    {
      name: 'both transposed',
      attributes: { transpose_a: true, transpose_b: true },
      inputs: [f32([3, 2], [1, 4, 2, 5, 3, 6]), f32([2, 3], [1, 0, 1, 0, 1, 1])],
      outputs: [f32([2, 2], [4, 5, 10, 11])],
    },
    { name: 'vector by matrix', inputs: [f32([2], [1, 10]), a], outputs: [f32([3], [41, 52, 63])] },
    { name: 'matrix by vector', inputs: [a, f32([3], [1, 1, 2])], outputs: [f32([2], [9, 21])] },
    { name: 'vector by vector', inputs: [f32([3], [1, 2, 3]), f32([3], [4, 5, 6])], outputs: [f32([], [32])] },
    {
      name: 'batches broadcast',
      inputs: [f32([2, 1, 1, 2], [1, 2, 3, 4]), f32([3, 2, 1], [1, 0, 0, 1, 1, 1])],
      outputs: [f32([2, 3, 1, 1], [1, 2, 3, 3, 4, 7])],
    },
    { name: 'nothing to sum', inputs: [f32([2, 0], []), f32([0, 1], [])], outputs: [f32([2, 1], [0, 0])] },
    { name: 'integers', inputs: [i64([1, 2], [3000000000n, 1n]), i64([2, 1], [4n, 5n])], outputs: [i64([1, 1], [12000000005n])] },
  ],
  generate: (random) => {
    const [m, k, n] = [random.int(1, 6), random.int(1, 6), random.int(1, 6)];
    const [transpose_a, transpose_b] = [random.next() < 0.5, random.next() < 0.5];
    const batch = random.shape({ rank: [0, 2], dim: [1, 3] });
    return {
      attributes: { transpose_a, transpose_b },
      inputs: [
        random.tensor('f32', [...batch, ...(transpose_a ? [k, m] : [m, k])]),
        random.tensor('f32', [...random.broadcastable(batch), ...(transpose_b ? [n, k] : [k, n])]),
      ],
    };
  },
});
