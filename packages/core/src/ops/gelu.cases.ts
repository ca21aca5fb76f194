import { cases, f32 } from './cases.js';

export default cases('Gelu', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'known values', inputs: [f32([3], [0, 1, -1])], outputs: [f32([3], [0, 0.8413447460685429, -0.15865525393145707])] },
    {
      name: 'tanh',
      attributes: { approximation_mode: 'TANH' },
      inputs: [f32([2], [1, -1])],
      outputs: [f32([2], [0.8411919906082768, -0.15880800939172324])],
    },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [1, 4], dim: [1, 6] }), -4, 4)] }),
});
