import { cases, f32, i32 } from './cases.js';

export default cases('Round', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'to even', inputs: [f32([6], [-1.5, -0.5, 0.5, 1.5, 2.5, 2.4])], outputs: [f32([6], [-2, 0, 0, 2, 2, 2])] },
    {
      name: 'away',
      attributes: { mode: 'half_away_from_zero' },
      inputs: [f32([5], [-1.5, -0.5, 0.5, 2.5, -2.4])],
      outputs: [f32([5], [-2, -1, 1, 3, -2])],
    },
    { name: 'integers', inputs: [i32([2], [-3, 4])], outputs: [i32([2], [-3, 4])] },
  ],
  generate: (random) => ({
    attributes: { mode: random.pick(['half_to_even', 'half_away_from_zero']) },
    inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 6] }), -10, 10)],
  }),
});
