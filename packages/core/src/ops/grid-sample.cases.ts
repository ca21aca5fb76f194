import { cases, f32 } from './cases.js';

const image = f32([1, 1, 2, 2], [1, 2, 3, 4]);
/** Places (x, y) as one row of samples. */
const grid = (...places: readonly number[]) => f32([1, 1, places.length / 2, 2], places);

export default cases('GridSample', {
  tolerance: { rtol: 1e-5, atol: 1e-5 },
  named: [
    {
      name: 'corners and middle',
      attributes: { align_corners: true },
      inputs: [image, grid(-1, -1, 1, -1, 0, 0, 1, 1)],
      outputs: [f32([1, 1, 1, 4], [1, 2, 2.5, 4])],
    },
    { name: 'outer edges blend into zeros', inputs: [image, grid(-1, -1, 1, 0)], outputs: [f32([1, 1, 1, 2], [0.25, 1.5])] },
    { name: 'border', attributes: { padding_mode: 'border' }, inputs: [image, grid(-1, -1, 3, 0)], outputs: [f32([1, 1, 1, 2], [1, 3])] },
    {
      name: 'reflected at the outer edges',
      attributes: { padding_mode: 'reflection', mode: 'nearest' },
      inputs: [image, grid(1.5, -0.5, 2.5, -0.5)],
      outputs: [f32([1, 1, 1, 2], [2, 1])],
    },
    {
      name: 'reflected at the corners',
      attributes: { padding_mode: 'reflection', mode: 'nearest', align_corners: true },
      inputs: [image, grid(3, -1, 5, -1)],
      outputs: [f32([1, 1, 1, 2], [1, 2])],
    },
    {
      name: 'nearest, halves to even',
      attributes: { mode: 'nearest', align_corners: true },
      inputs: [image, grid(0, 0, 0.1, -1)],
      outputs: [f32([1, 1, 1, 2], [1, 2])],
    },
    {
      name: 'a volume',
      attributes: { align_corners: true },
      inputs: [f32([1, 1, 2, 1, 2], [1, 2, 3, 4]), f32([1, 1, 1, 2, 3], [0, 0, 0, 1, -1, -1])],
      outputs: [f32([1, 1, 1, 1, 2], [2.5, 2])],
    },
    {
      name: 'cubic in the middle',
      attributes: { mode: 'bicubic', padding_mode: 'border' },
      inputs: [image, grid(0, 0)],
      outputs: [f32([1, 1, 1, 1], [2.5])],
    },
  ],
  generate: (random) => {
    const volume = random.next() < 0.3;
    const size = (): number[] => Array.from({ length: volume ? 3 : 2 }, () => random.int(2, 5));
    const mode = random.pick(['bilinear', 'bicubic', 'nearest']);
    return {
      attributes: { align_corners: random.next() < 0.5, mode, padding_mode: random.pick(['zeros', 'border', 'reflection']) },
      inputs: [
        random.tensor(
          mode === 'nearest' ? random.pick(['i32', 'f32']) : random.pick(['f32', 'f64']),
          [2, random.int(1, 3), ...size()],
          -9,
          9,
        ),
        random.tensor('f32', [2, ...size(), volume ? 3 : 2], -1.5, 1.5),
      ],
    };
  },
});
