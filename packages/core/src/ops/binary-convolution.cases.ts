import { cases, f32, of } from './cases.js';

const plain = { strides: [1], dilations: [1], pads_begin: [0], pads_end: [0], pad_value: 0 };
// Least significant first, eight taps: 1 1 0 0 0 0 0 0; written most significant first as literals are.
const filter = of('u1')([1, 1, 8], [0, 0, 0, 0, 0, 0, 1, 1]);

export default cases('BinaryConvolution', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'agreements less disagreements',
      attributes: plain,
      inputs: [f32([1, 1, 9], [1, 1, -1, -1, -1, -1, -1, -1, 1]), filter],
      constants: [1],
      outputs: [f32([1, 1, 2], [8, 4])],
    },
    {
      name: 'padding of nothing',
      attributes: { ...plain, pads_begin: [2] },
      inputs: [f32([1, 1, 6], [-1, -1, -1, -1, -1, -1]), filter],
      constants: [1],
      outputs: [f32([1, 1, 1], [6])],
    },
    {
      name: 'padding of -1',
      attributes: { ...plain, pads_begin: [2], pad_value: -1 },
      inputs: [f32([1, 1, 6], [-1, -1, -1, -1, -1, -1]), filter],
      constants: [1],
      outputs: [f32([1, 1, 1], [4])],
    },
  ],
  generate: (random) => ({
    attributes: {
      strides: [random.int(1, 2), 1],
      dilations: [1, 1],
      pads_begin: [1, 0],
      pads_end: [0, 1],
      pad_value: random.pick([0, -1, 1]),
      auto_pad: random.pick(['explicit', 'same_upper', 'same_lower', 'valid']),
    },
    inputs: [
      random.tensor(random.pick(['f32', 'i32', 'f32']), [1, 4, 5, 6]),
      of('u1')(
        [2, 4, 3, 3],
        Array.from({ length: 72 }, () => random.int(0, 1)),
      ),
    ],
    constants: [1],
  }),
});
