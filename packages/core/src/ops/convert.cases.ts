import { bool, cases, f32, i32, i64, u8 } from './cases.js';

export default cases('Convert', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'towards zero',
      attributes: { destination_type: 'i32' },
      inputs: [f32([4], [-1.75, -0.5, 0.5, 1.75])],
      outputs: [i32([4], [-1, 0, 0, 1])],
    },
    { name: 'to boolean', attributes: { destination_type: 'boolean' }, inputs: [f32([3], [0, 0.25, -3])], outputs: [bool([3], [0, 1, 1])] },
    { name: 'low bits', attributes: { destination_type: 'i32' }, inputs: [i64([2], [4294967297n, -1n])], outputs: [i32([2], [1, -1])] },
    {
      name: 'low bits of floats, none of what is beyond all integers',
      attributes: { destination_type: 'u8' },
      inputs: [f32([6], [-1.5, -300.5, 256.25, 300.75, Number.NaN, Number.POSITIVE_INFINITY])],
      outputs: [u8([6], [255, 212, 0, 44, 0, 0])],
    },
    { name: 'widening', attributes: { destination_type: 'i64' }, inputs: [u8([2], [0, 255])], outputs: [i64([2], [0, 255])] },
    { name: 'boolean to float', attributes: { destination_type: 'f32' }, inputs: [bool([2], [0, 1])], outputs: [f32([2], [0, 1])] },
  ],
  generate: (random) => ({
    attributes: { destination_type: random.pick(['f32', 'i32', 'i64', 'u8', 'boolean', 'f16', 'bf16']) },
    inputs: [random.tensor(random.pick(['f32', 'i32', 'i64', 'u8', 'f16'] as const), random.shape({ rank: [0, 3], dim: [1, 6] }), 0, 100)],
  }),
});
