import { cases, f32, i64 } from './cases.js';

/** A square, the same turned by 45 degrees (their overlap is 0.707), one apart. */
const boxes = f32([1, 3, 5], [0, 0, 2, 2, 0, 0, 0, 2, 2, 0.7853982, 9, 9, 2, 2, 0.3]);
const scores = f32([1, 1, 3], [0.9, 0.75, 0.6]);
const limits = (most: number, iou: number, score: number): [ReturnType<typeof i64>, ReturnType<typeof f32>, ReturnType<typeof f32>] => [
  i64([], [most]),
  f32([], [iou]),
  f32([], [score]),
];

/** A threshold below and above the overlap, a score threshold. */
export default cases('NMSRotated', {
  tolerance: { rtol: 1e-5, atol: 0 },
  named: [
    {
      name: 'suppresses',
      inputs: [boxes, scores, ...limits(3, 0.7, 0)],
      constants: [2, 3, 4],
      outputs: [i64([2, 3], [0, 0, 0, 0, 0, 2]), f32([2, 3], [0, 0, 0.9, 0, 0, 0.6]), i64([1], [2])],
    },
    {
      name: 'keeps',
      inputs: [boxes, scores, ...limits(3, 0.72, 0.7)],
      constants: [2, 3, 4],
      outputs: [i64([2, 3], [0, 0, 0, 0, 0, 1]), f32([2, 3], [0, 0, 0.9, 0, 0, 0.75]), i64([1], [2])],
    },
  ],
  generate: (random) => {
    const [batches, classes, count] = [random.int(1, 2), random.int(1, 3), random.int(1, 8)];
    const boxes = Array.from({ length: batches * count }, () => [
      random.next() * 3,
      random.next() * 3,
      0.2 + random.next() * 3,
      0.2 + random.next() * 3,
      random.next() * 6 - 3,
    ]);
    return {
      attributes: { sort_result_descending: random.next() < 0.5, clockwise: random.next() < 0.5, output_type: random.pick(['i32', 'i64']) },
      inputs: [
        f32([batches, count, 5], boxes.flat()),
        random.tensor('f32', [batches, classes, count], 0, 1),
        ...limits(random.int(0, 6), random.pick([0.1, 0.3, 0.6]), random.pick([0, 0.3])),
      ],
      constants: random.pick([[], [2, 3, 4]]),
    };
  },
});
