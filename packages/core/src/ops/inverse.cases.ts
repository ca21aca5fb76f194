import { cases, f32 } from './cases.js';

export default cases('Inverse', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    { name: 'two by two', inputs: [f32([2, 2], [4, 7, 2, 6])], outputs: [f32([2, 2], [0.6, -0.7, -0.2, 0.4])] },
    { name: 'needs pivoting', inputs: [f32([1, 2, 2], [0, 2, 4, 0])], outputs: [f32([1, 2, 2], [0, 0.25, 0.5, 0])] },
    {
      name: 'of the transpose',
      attributes: { adjoint: true },
      inputs: [f32([2, 2], [4, 7, 2, 6])],
      outputs: [f32([2, 2], [0.6, -0.2, -0.7, 0.4])],
    },
  ],
  generate: (random) => {
    const n = random.int(1, 5);
    const matrix = random.tensor('f32', [2, n, n], -1, 1);
    // A heavy diagonal keeps the matrices far from singular.
    const data = Array.from(matrix.nd().data as Float32Array, (x, i) => x + (Math.floor(i / n) % n === i % n ? n + 1 : 0));
    return { attributes: { adjoint: random.next() < 0.5 }, inputs: [f32([2, n, n], data)] };
  },
});
