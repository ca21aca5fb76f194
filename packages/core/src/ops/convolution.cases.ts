import { cases, f32, type Random } from './cases.js';

/** Strides, dilations and pads that fit a kernel into an image. */
export function randomWindows(
  random: Random,
  axes: number,
): { strides: number[]; dilations: number[]; pads_begin: number[]; pads_end: number[] } {
  const each = (lo: number, hi: number): number[] => Array.from({ length: axes }, () => random.int(lo, hi));
  return { strides: each(1, 3), dilations: each(1, 2), pads_begin: each(0, 2), pads_end: each(0, 2) };
}

const plain = { strides: [1], dilations: [1], pads_begin: [0], pads_end: [0] };

export default cases('Convolution', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'one axis',
      attributes: plain,
      inputs: [f32([1, 1, 4], [1, 2, 3, 4]), f32([1, 1, 2], [1, 10])],
      outputs: [f32([1, 1, 3], [21, 32, 43])],
    },
    {
      name: 'stride, dilation, pads',
      attributes: { strides: [2], dilations: [2], pads_begin: [1], pads_end: [1] },
      inputs: [f32([1, 1, 5], [1, 2, 3, 4, 5]), f32([1, 1, 2], [1, 10])],
      outputs: [f32([1, 1, 3], [20, 42, 4])],
    },
    {
      name: 'same_upper',
      attributes: { ...plain, auto_pad: 'same_upper' },
      inputs: [f32([1, 1, 3], [1, 2, 3]), f32([1, 1, 2], [1, 10])],
      outputs: [f32([1, 1, 3], [21, 32, 3])],
    },
    {
      name: 'same_lower',
      attributes: { ...plain, auto_pad: 'same_lower' },
      inputs: [f32([1, 1, 3], [1, 2, 3]), f32([1, 1, 2], [1, 10])],
      outputs: [f32([1, 1, 3], [10, 21, 32])],
    },
    {
      name: 'channels',
      attributes: plain,
      inputs: [f32([1, 2, 1], [1, 2]), f32([3, 2, 1], [1, 0, 0, 1, 1, 1])],
      outputs: [f32([1, 3, 1], [1, 2, 3])],
    },
    {
      name: 'two axes',
      attributes: { strides: [1, 1], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0] },
      inputs: [f32([1, 1, 2, 2], [1, 2, 3, 4]), f32([1, 1, 2, 2], [1, 10, 100, 1000])],
      outputs: [f32([1, 1, 1, 1], [4321])],
    },
    { name: 'empty batch', attributes: plain, inputs: [f32([0, 1, 3], []), f32([2, 1, 2], [1, 2, 3, 4])], outputs: [f32([0, 2, 2], [])] },
  ],
  generate: (random) => {
    const axes = random.int(1, 3);
    const [n, c, out] = [random.int(1, 2), random.int(1, 4), random.int(1, 4)];
    const sizes = (lo: number, hi: number): number[] => Array.from({ length: axes }, () => random.int(lo, hi));
    return {
      attributes: { ...randomWindows(random, axes), auto_pad: random.pick(['explicit', 'explicit', 'same_upper', 'same_lower', 'valid']) },
      inputs: [random.tensor('f32', [n, c, ...sizes(5, 8)]), random.tensor('f32', [out, c, ...sizes(1, 3)])],
    };
  },
});
