/** @file Cases of the two transposed convolutions, whose filters differ in an axis for the groups. */
import { cases, f32, i64, type Case, type Cases } from './cases.js';

const plain = { strides: [2], dilations: [1], pads_begin: [0], pads_end: [0] };
const data = f32([1, 1, 3], [1, 2, 3]);

/** Cases of one of them; `last` is the one with several channels. Values as OpenVINO 2026.4 computes them. */
export function transposedCases(name: string, grouped: boolean, last: Case): Cases {
  const filter = f32(grouped ? [1, 1, 1, 4] : [1, 1, 4], [1, 10, 100, 1000]);
  return cases(name, {
    tolerance: { rtol: 1e-5, atol: 1e-6 },
    named: [
      {
        name: 'stride two',
        attributes: plain,
        inputs: [data, filter],
        outputs: [f32([1, 1, 8], [1, 10, 102, 1020, 203, 2030, 300, 3000])],
      },
      {
        name: 'pads',
        attributes: { ...plain, pads_begin: [1] },
        inputs: [data, filter],
        outputs: [f32([1, 1, 7], [10, 102, 1020, 203, 2030, 300, 3000])],
      },
      {
        name: 'output padding',
        attributes: { ...plain, output_padding: [1] },
        inputs: [data, filter],
        outputs: [f32([1, 1, 9], [1, 10, 102, 1020, 203, 2030, 300, 3000, 0])],
      },
      {
        name: 'size given, explicit',
        attributes: plain,
        inputs: [data, filter, i64([1], [5])],
        constants: [2],
        outputs: [f32([1, 1, 5], [1, 10, 102, 1020, 203])],
      },
      {
        name: 'size given, same_upper',
        attributes: { ...plain, auto_pad: 'same_upper' },
        inputs: [data, filter, i64([1], [5])],
        constants: [2],
        outputs: [f32([1, 1, 5], [102, 1020, 203, 2030, 300])],
      },
      {
        name: 'size given, same_lower',
        attributes: { ...plain, auto_pad: 'same_lower' },
        inputs: [data, filter, i64([1], [5])],
        constants: [2],
        outputs: [f32([1, 1, 5], [10, 102, 1020, 203, 2030])],
      },
      { attributes: plain, ...last },
    ],
    generate: (random) => {
      const axes = random.int(1, 3);
      const [n, groups, inputs, out] = [random.int(1, 2), grouped ? random.int(1, 3) : 1, random.int(1, 3), random.int(1, 3)];
      const sizes = (lo: number, hi: number): number[] => Array.from({ length: axes }, () => random.int(lo, hi));
      return {
        attributes: {
          strides: sizes(1, 3),
          dilations: sizes(1, 2),
          pads_begin: sizes(0, 1),
          pads_end: sizes(0, 1),
          output_padding: sizes(0, 1),
        },
        inputs: [
          random.tensor('f32', [n, groups * inputs, ...sizes(3, 5)]),
          random.tensor('f32', [...(grouped ? [groups] : []), inputs, out, ...sizes(1, 3)]),
        ],
      };
    },
  });
}
