import { cases, f32, i64 } from './cases.js';

const data = f32([1, 2, 2], [1, 3, 10, 30]);
const plain = { normalize_variance: true, eps: 0, eps_mode: 'INSIDE_SQRT' };

export default cases('MVN', {
  tolerance: { rtol: 1e-4, atol: 1e-5 },
  named: [
    { name: 'last axis', attributes: plain, inputs: [data, i64([1], [-1])], constants: [1], outputs: [f32([1, 2, 2], [-1, 1, -1, 1])] },
    {
      name: 'mean alone',
      attributes: { ...plain, normalize_variance: false },
      inputs: [data, i64([2], [1, 2])],
      constants: [1],
      outputs: [f32([1, 2, 2], [-10, -8, -1, 19])],
    },
    {
      name: 'eps inside the root',
      attributes: { ...plain, eps: 3 },
      inputs: [f32([2], [1, 3]), i64([1], [0])],
      constants: [1],
      outputs: [f32([2], [-0.5, 0.5])],
    },
    {
      name: 'eps outside',
      attributes: { ...plain, eps: 3, eps_mode: 'OUTSIDE_SQRT' },
      inputs: [f32([2], [1, 3]), i64([1], [0])],
      constants: [1],
      outputs: [f32([2], [-0.25, 0.25])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    const axes = shape.map((_, i) => i).filter(() => random.next() < 0.6);
    return {
      attributes: { ...plain, eps: 1e-3, normalize_variance: random.next() < 0.7, eps_mode: random.pick(['INSIDE_SQRT', 'OUTSIDE_SQRT']) },
      inputs: [random.tensor('f32', shape), i64([axes.length], axes)],
      constants: [1],
    };
  },
});
