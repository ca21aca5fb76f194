import { cases, f32 } from './cases.js';

export default cases('ErfInv', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'known values',
      inputs: [f32([4], [0, 0.5, -0.9, 0.99])],
      outputs: [f32([4], [0, 0.4769362762044699, -1.1630871536766743, 1.8213863677184496])],
    },
    { name: 'ends', inputs: [f32([3], [1, -1, 2])], outputs: [f32([3], [Infinity, -Infinity, Number.NaN])] },
    { name: 'empty', inputs: [f32([2, 0], [])], outputs: [f32([2, 0], [])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 7] }), -0.99, 0.99)] }),
});
