import { bool, cases, f16, f32, i32, i64, of, u8 } from './cases.js';

const unsafe = { promote_unsafe: true };

export default cases('ConvertPromoteTypes', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'wider integer', inputs: [i32([2], [1, -2]), i64([1], [3])], outputs: [i64([2], [1, -2]), i64([1], [3])] },
    { name: 'boolean gives way', inputs: [bool([2], [0, 1]), f32([1], [0.5])], outputs: [f32([2], [0, 1]), f32([1], [0.5])] },
    {
      name: 'signed meets unsigned',
      attributes: unsafe,
      inputs: [u8([1], [200]), of('i8')([1], [-3])],
      outputs: [of('i16')([1], [200]), of('i16')([1], [-3])],
    },
    {
      name: 'two half floats',
      attributes: unsafe,
      inputs: [f16([1], [0.5]), of('bf16')([1], [2])],
      outputs: [f32([1], [0.5]), f32([1], [2])],
    },
    {
      name: 'scalar of the same kind',
      attributes: { ...unsafe, pytorch_scalar_promotion: true },
      inputs: [f32([], [0.5]), f16([1], [2])],
      outputs: [f16([], [0.5]), f16([1], [2])],
    },
    {
      name: 'scalar of a higher kind',
      attributes: { ...unsafe, pytorch_scalar_promotion: true },
      inputs: [f32([], [0.5]), i64([1], [2])],
      outputs: [f32([], [0.5]), f32([1], [2])],
    },
  ],
  generate: (random) => ({
    attributes: unsafe,
    inputs: [
      random.tensor(random.pick(['i32', 'f32', 'u8', 'boolean'] as const), [2], 0, 9),
      random.tensor(random.pick(['i64', 'f16', 'i8', 'u8'] as const), [3], 0, 9),
    ],
  }),
});
