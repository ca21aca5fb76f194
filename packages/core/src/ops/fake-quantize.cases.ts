import { cases, f32 } from './cases.js';

export default cases('FakeQuantize', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'five levels',
      attributes: { levels: 5 },
      inputs: [f32([5], [-1, 0.1, 0.3, 0.74, 9]), f32([], [0]), f32([], [1]), f32([], [0]), f32([], [8])],
      outputs: [f32([5], [0, 0, 2, 6, 8])],
    },
    {
      name: 'ranges from an axis of the data',
      attributes: { levels: 2, auto_broadcast: 'pdpd', axis: 0 },
      inputs: [f32([2, 2], [0.1, 0.9, 0.1, 0.9]), f32([2], [0, 0]), f32([2], [1, 1]), f32([2], [0, 0]), f32([2], [1, 2])],
      outputs: [f32([2, 2], [0, 1, 0, 2])],
    },
    {
      name: 'halves go to even steps',
      attributes: { levels: 3 },
      inputs: [f32([2], [0.5, 1.5]), f32([], [0]), f32([], [2]), f32([], [0]), f32([], [2])],
      outputs: [f32([2], [0, 2])],
    },
    {
      name: 'binary, by channel',
      attributes: { levels: 2 },
      inputs: [f32([1, 2, 1], [0.5, 0.5]), f32([1, 2, 1], [0.4, 0.6]), f32([1, 2, 1], [0.4, 0.6]), f32([], [-1]), f32([], [1])],
      outputs: [f32([1, 2, 1], [1, -1])],
    },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [2, 4], dim: [1, 5] });
    const range = shape.map((d, i) => (i === 1 ? d : 1));
    return {
      attributes: { levels: random.pick([2, 4, 255, 256]) },
      inputs: [
        random.tensor('f32', shape),
        random.tensor('f32', range, -2, -1),
        random.tensor('f32', range, 1, 2),
        random.tensor('f32', [], -2, -1),
        random.tensor('f32', [], 1, 2),
      ],
    };
  },
});
