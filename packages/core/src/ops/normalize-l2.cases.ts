import { cases, f32, i64 } from './cases.js';

export default cases('NormalizeL2', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'three, four, five',
      attributes: { eps: 0, eps_mode: 'add' },
      inputs: [f32([1, 2], [3, 4]), i64([1], [1])],
      constants: [1],
      outputs: [f32([1, 2], [0.6, 0.8])],
    },
    {
      name: 'eps added',
      attributes: { eps: 11, eps_mode: 'add' },
      inputs: [f32([1, 2], [3, 4]), i64([1], [1])],
      constants: [1],
      outputs: [f32([1, 2], [0.5, 4 / 6])],
    },
    {
      name: 'eps at least',
      attributes: { eps: 100, eps_mode: 'max' },
      inputs: [f32([1, 2], [3, 4]), i64([1], [1])],
      constants: [1],
      outputs: [f32([1, 2], [0.3, 0.4])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return {
      attributes: { eps: 1e-4, eps_mode: random.pick(['add', 'max']) },
      inputs: [random.tensor('f32', shape), i64([1], [random.int(0, shape.length - 1)])],
      constants: [1],
    };
  },
});
