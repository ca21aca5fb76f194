import { cases, f32 } from './cases.js';

export default cases('ExtractImagePatches', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'two by two',
      attributes: { sizes: [2, 2], strides: [1, 1], rates: [1, 1], auto_pad: 'valid' },
      inputs: [f32([1, 1, 2, 3], [1, 2, 3, 4, 5, 6])],
      outputs: [f32([1, 4, 1, 2], [1, 2, 2, 3, 4, 5, 5, 6])],
    },
    {
      name: 'channels run fastest',
      attributes: { sizes: [1, 2], strides: [1, 1], rates: [1, 1], auto_pad: 'valid' },
      inputs: [f32([1, 2, 1, 2], [1, 2, 3, 4])],
      outputs: [f32([1, 4, 1, 1], [1, 3, 2, 4])],
    },
    {
      name: 'padded',
      attributes: { sizes: [1, 2], strides: [1, 2], rates: [1, 1], auto_pad: 'same_upper' },
      inputs: [f32([1, 1, 1, 3], [1, 2, 3])],
      outputs: [f32([1, 2, 1, 2], [1, 3, 2, 0])],
    },
  ],
  generate: (random) => ({
    attributes: {
      sizes: [random.int(1, 3), random.int(1, 3)],
      strides: [random.int(1, 2), random.int(1, 3)],
      rates: [random.int(1, 2), random.int(1, 2)],
      auto_pad: random.pick(['valid', 'same_upper', 'same_lower']),
    },
    inputs: [
      random.tensor(random.pick(['f32', 'i64', 'u8', 'f16']), [random.int(1, 2), random.int(1, 2), random.int(5, 7), random.int(5, 7)]),
    ],
  }),
});
