import { cases, f32, i32 } from './cases.js';

export default cases('ConvertLike', {
  tolerance: { rtol: 0, atol: 0 },
  named: [{ name: 'the type alone counts', inputs: [f32([2], [-1.5, 2.5]), i32([0], [])], outputs: [i32([2], [-1, 2])] }],
  generate: (random) => ({ inputs: [random.tensor('i32', random.shape({ rank: [0, 3], dim: [1, 5] })), f32([1], [0])] }),
});
