import { cases, f32, i32 } from './cases.js';

export default cases('Relu', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'signs', inputs: [f32([4], [-2, 0, 0.5, Number.NaN])], outputs: [f32([4], [0, 0, 0.5, Number.NaN])] },
    { name: 'integers', inputs: [i32([2], [-3, 4])], outputs: [i32([2], [0, 4])] },
  ],
  generate: (random) => ({ inputs: [random.tensor('f32', random.shape({ rank: [0, 4], dim: [1, 6] }))] }),
});
