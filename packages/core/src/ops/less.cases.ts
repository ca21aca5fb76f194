import { bool, cases, f32, i64 } from './cases.js';

export default cases('Less', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'below, equal, above', inputs: [f32([3], [1, 2, 3]), f32([], [2])], outputs: [bool([3], [1, 0, 0])] },
    { name: 'integers, both broadcast', inputs: [i64([2, 1], [1, 2]), i64([2], [1, 2])], outputs: [bool([2, 2], [0, 1, 0, 0])] },
    {
      name: 'from an axis of the first',
      attributes: { auto_broadcast: 'pdpd', axis: 0 },
      inputs: [f32([2, 2], [1, 2, 3, 4]), f32([2], [2, 4])],
      outputs: [bool([2, 2], [1, 0, 1, 0])],
    },
    { name: 'NaN', inputs: [f32([1], [Number.NaN]), f32([1], [Number.NaN])], outputs: [bool([1], [0])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { inputs: [random.tensor('i32', shape), random.tensor('i32', random.broadcastable(shape))] };
  },
});
