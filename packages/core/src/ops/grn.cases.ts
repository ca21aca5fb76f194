import { cases, f32 } from './cases.js';

export default cases('GRN', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'three, four, five', attributes: { bias: 0 }, inputs: [f32([1, 2, 1], [3, 4])], outputs: [f32([1, 2, 1], [0.6, 0.8])] },
    {
      name: 'each place for itself',
      attributes: { bias: 11 },
      inputs: [f32([1, 2, 2], [3, 0, 4, 5])],
      outputs: [f32([1, 2, 2], [0.5, 0, 4 / 6, 5 / 6])],
    },
  ],
  generate: (random) => ({ attributes: { bias: 0.5 }, inputs: [random.tensor('f32', random.shape({ rank: [2, 4], dim: [1, 5] }))] }),
});
