import { cases, f32 } from './cases.js';

export default cases('Softmax', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'two equal', attributes: { axis: 1 }, inputs: [f32([1, 2], [7, 7])], outputs: [f32([1, 2], [0.5, 0.5])] },
    {
      name: 'along the first axis',
      attributes: { axis: 0 },
      inputs: [f32([2, 2], [0, 1, 0, 2])],
      outputs: [f32([2, 2], [0.5, 0.2689414213699951, 0.5, 0.7310585786300049])],
    },
    {
      name: 'large values',
      attributes: { axis: -1 },
      inputs: [f32([2], [1000, 999])],
      outputs: [f32([2], [0.7310585786300049, 0.2689414213699951])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 6] });
    return { attributes: { axis: random.int(-shape.length, shape.length - 1) }, inputs: [random.tensor('f32', shape, -5, 5)] };
  },
});
