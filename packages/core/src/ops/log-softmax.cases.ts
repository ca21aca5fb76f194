import { cases, f32 } from './cases.js';

export default cases('LogSoftmax', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'equal logits',
      attributes: { axis: -1 },
      inputs: [f32([1, 2], [3, 3])],
      outputs: [f32([1, 2], [-0.6931471805599453, -0.6931471805599453])],
    },
    {
      name: 'large values',
      attributes: { axis: 0 },
      inputs: [f32([2], [1000, 1000.5])],
      outputs: [f32([2], [-0.974076984180107, -0.474076984180107])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { attributes: { axis: random.int(-shape.length, shape.length - 1) }, inputs: [random.tensor('f32', shape, -5, 5)] };
  },
});
