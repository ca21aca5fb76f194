import { cases, f32 } from './cases.js';

export default cases('FakeConvert', {
  tolerance: { rtol: 1e-5, atol: 0 },
  named: [
    { name: 'three bits of mantissa', inputs: [f32([4], [1.1, 1.06, -17, 1000]), f32([], [1])], outputs: [f32([4], [1.125, 1, -16, 448])] },
    {
      name: 'two bits',
      attributes: { destination_type: 'f8e5m2' },
      inputs: [f32([3], [1.2, -9, 1e6]), f32([], [1])],
      outputs: [f32([3], [1.25, -8, 57344])],
    },
    { name: 'scale and shift', inputs: [f32([2, 1], [1, 2]), f32([2, 1], [2, 1]), f32([1], [1])], outputs: [f32([2, 1], [1, 2])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 3], dim: [1, 5] });
    return {
      attributes: { destination_type: random.pick(['f8e4m3', 'f8e5m2']) },
      inputs: [random.tensor('f32', shape), random.tensor('f32', [], 0.5, 2), random.tensor('f32', [], -1, 1)],
    };
  },
});
