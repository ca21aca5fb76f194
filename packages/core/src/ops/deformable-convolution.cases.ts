import { cases, f32 } from './cases.js';

const plain = { strides: [1, 1], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0] };
const image = f32([1, 1, 2, 2], [1, 2, 3, 4]);
const one = f32([1, 1, 1, 1], [1]);
/** The same (y, x) for each of the four places. */
const offsets = (y: number, x: number) => f32([1, 2, 2, 2], [y, y, y, y, x, x, x, x]);

export default cases('DeformableConvolution', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    { name: 'no offset', attributes: plain, inputs: [image, offsets(0, 0), one], outputs: [image] },
    {
      name: 'half a column: none beyond the border',
      attributes: plain,
      inputs: [image, offsets(0, 0.5), one],
      outputs: [f32([1, 1, 2, 2], [1.5, 2, 3.5, 4])],
    },
    {
      name: 'half a column: zeros beyond the border',
      attributes: { ...plain, bilinear_interpolation_pad: true },
      inputs: [image, offsets(0, 0.5), one],
      outputs: [f32([1, 1, 2, 2], [1.5, 1, 3.5, 2])],
    },
    {
      name: 'one row, masked',
      attributes: plain,
      inputs: [image, offsets(1, 0), one, f32([1, 1, 2, 2], [1, 0.5, 1, 1])],
      outputs: [f32([1, 1, 2, 2], [3, 2, 0, 0])],
    },
  ],
  generate: (random) => {
    const type = random.pick(['f32', 'f32', 'f64'] as const);
    const [group, deformable_group, each] = [random.int(1, 2), random.int(1, 2), random.int(1, 2)];
    const channels = 2 * each;
    const [kh, kw] = [random.int(1, 3), random.int(1, 3)];
    const attributes = {
      strides: [random.int(1, 2), 1],
      dilations: [1, random.int(1, 2)],
      pads_begin: [1, 1],
      pads_end: [1, 1],
      auto_pad: 'explicit',
      group,
      deformable_group,
      bilinear_interpolation_pad: random.next() < 0.5,
    };
    const size = [Math.floor((7 - kh) / (attributes.strides[0] as number)) + 1, 7 - (attributes.dilations[1] as number) * (kw - 1)];
    const inputs = [
      random.tensor(type, [1, channels, 5, 5]),
      random.tensor(type, [1, 2 * deformable_group * kh * kw, ...size]),
      random.tensor(type, [2, channels / group, kh, kw]),
      random.tensor(type, [1, deformable_group * kh * kw, ...size], 0, 1),
    ];
    return { attributes, inputs: random.next() < 0.5 ? inputs : inputs.slice(0, 3) };
  },
});
