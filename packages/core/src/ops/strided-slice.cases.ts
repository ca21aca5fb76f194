import { cases, f32, i64 } from './cases.js';

const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);

/** Masks one by one, a negative stride, an index from the end. */
export default cases('StridedSlice', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    {
      name: 'open ends',
      attributes: { begin_mask: [1, 0], end_mask: [0, 1] },
      inputs: [x, i64([2], [1, 1]), i64([2], [1, 0])],
      constants: [1, 2],
      outputs: [f32([1, 2], [2, 3])],
    },
    {
      name: 'backwards',
      attributes: { begin_mask: [1, 1], end_mask: [1, 1] },
      inputs: [x, i64([2], [0, 0]), i64([2], [0, 0]), i64([2], [1, -2])],
      constants: [1, 2, 3],
      outputs: [f32([2, 2], [3, 1, 6, 4])],
    },
    {
      name: 'shrinks to the last row',
      attributes: { shrink_axis_mask: [1] },
      inputs: [x, i64([1], [-1]), i64([1], [0])],
      constants: [1, 2],
      outputs: [f32([3], [4, 5, 6])],
    },
    {
      name: 'a new axis',
      attributes: { new_axis_mask: [0, 1], end_mask: [1] },
      inputs: [x, i64([2], [0, 0]), i64([2], [0, 0])],
      constants: [1, 2],
      outputs: [f32([2, 1, 3], [1, 2, 3, 4, 5, 6])],
    },
    {
      name: 'ellipsis',
      attributes: { ellipsis_mask: [1, 0] },
      inputs: [x, i64([2], [0, 1]), i64([2], [0, 2]), i64([2], [1, 1])],
      constants: [1, 2, 3],
      outputs: [f32([2, 1], [2, 5])],
    },
    { name: 'nothing left', inputs: [x, i64([1], [2]), i64([1], [9])], constants: [1, 2], outputs: [f32([0, 3], [])] },
  ],
  generate: (random) => {
    const shape = random.shape({ rank: [1, 4], dim: [1, 5] });
    const count = random.int(1, shape.length);
    const bits = (odds: number): number[] => Array.from({ length: count }, () => (random.next() < odds ? 1 : 0));
    const from = Array.from({ length: count }, (_, i) => random.int(0, (shape[i] as number) - 1));
    const list = (make: (i: number) => number) =>
      i64(
        [count],
        Array.from({ length: count }, (_, i) => make(i)),
      );
    const given = [
      list((i) => (from[i] as number) - (random.next() < 0.3 ? (shape[i] as number) : 0)),
      list((i) => random.pick([(from[i] as number) + 1, 9, -1, -9])),
      list(() => random.pick([1, 1, 2, -1, -2])),
    ];
    const inputs = [random.tensor(random.pick(['f32', 'i64', 'u8']), shape), ...given.slice(0, random.int(2, 3))];
    return {
      attributes: { begin_mask: bits(0.3), end_mask: bits(0.3), shrink_axis_mask: bits(0.2), new_axis_mask: bits(0.1) },
      inputs,
      constants: random.pick([inputs.slice(1).map((_, i) => i + 1), [1], [3].filter((i) => i < inputs.length), []]),
    };
  },
});
