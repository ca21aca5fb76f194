import { cases, f32, i32 } from './cases.js';

/** One and minus two as their bits, and back. */
export default cases('Bitcast', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'f32 as i32',
      attributes: { destination_type: 'i32' },
      inputs: [f32([2], [1, -2])],
      outputs: [i32([2], [0x3f800000, -0x40000000])],
    },
    {
      name: 'i32 as f32',
      attributes: { destination_type: 'f32' },
      inputs: [i32([1, 1], [0x40490fdb])],
      outputs: [f32([1, 1], [Math.fround(Math.PI)])],
    },
  ],
  generate: (random) => {
    const type = random.pick(['f32', 'i32', 'u32'] as const);
    return {
      attributes: { destination_type: random.pick(['f32', 'i32', 'u32'] as const) },
      inputs: [random.tensor(type, random.shape({ rank: [0, 3], dim: [0, 3] }), 0, 9)],
    };
  },
});
