import { cases, f32, i32, i64 } from './cases.js';

export default cases('Clamp', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    {
      name: 'both sides',
      attributes: { min: -1, max: 1.5 },
      inputs: [f32([4], [-2, -0.5, 1.25, 3])],
      outputs: [f32([4], [-1, -0.5, 1.25, 1.5])],
    },
    {
      name: 'fractions on integers go inwards',
      attributes: { min: -1.5, max: 2.5 },
      inputs: [i32([4], [-3, -1, 2, 5])],
      outputs: [i32([4], [-1, -1, 2, 2])],
    },
    {
      name: 'open above',
      attributes: { min: 0, max: Number.POSITIVE_INFINITY },
      inputs: [i64([3], [-9, 0, 9])],
      outputs: [i64([3], [0, 0, 9])],
    },
  ],
  generate: (random) => {
    const min = random.next() * 2 - 2;
    return {
      attributes: { min, max: min + random.next() * 3 },
      inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 6] }), -3, 3)],
    };
  },
});
