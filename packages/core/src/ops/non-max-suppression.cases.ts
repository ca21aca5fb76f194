import { cases, f32, i32, i64, of } from './cases.js';

/** Three boxes: the second overlaps the first by 0.81, the third lies apart. */
const boxes = f32([1, 3, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11]);
const scores = f32([1, 1, 3], [0.9, 0.75, 0.6]);
const limits = (most: number, iou: number, score: number): [ReturnType<typeof i64>, ReturnType<typeof f32>, ReturnType<typeof f32>] => [
  i64([], [most]),
  f32([], [iou]),
  f32([], [score]),
];

/** Suppression, limits, a softer score, no limit given. */
export default cases('NonMaxSuppression', {
  tolerance: { rtol: 1e-5, atol: 0 },
  named: [
    {
      name: 'suppresses',
      inputs: [boxes, scores, ...limits(3, 0.5, 0)],
      constants: [2, 3, 4],
      outputs: [i64([2, 3], [0, 0, 0, 0, 0, 2]), f32([2, 3], [0, 0, 0.9, 0, 0, 0.6]), i64([1], [2])],
    },
    {
      name: 'score threshold',
      attributes: { output_type: 'i32' },
      inputs: [boxes, scores, ...limits(3, 0.9, 0.7)],
      constants: [2, 3, 4],
      outputs: [i32([2, 3], [0, 0, 0, 0, 0, 1]), f32([2, 3], [0, 0, 0.9, 0, 0, 0.75]), i32([1], [2])],
    },
    {
      name: 'one per class',
      inputs: [boxes, scores, ...limits(1, 0.5, 0)],
      constants: [2, 3, 4],
      outputs: [i64([1, 3], [0, 0, 0]), f32([1, 3], [0, 0, 0.9]), i64([1], [1])],
    },
    // The second box shrinks to 0.75·exp(-0.818²) = 0.384 though it overlaps by more than the threshold.
    {
      name: 'a soft score drops nothing',
      inputs: [boxes, scores, ...limits(3, 0.5, 0), f32([], [0.5])],
      constants: [2, 3, 4, 5],
      outputs: [i64([3, 3], [0, 0, 0, 0, 0, 2, 0, 0, 1]), f32([3, 3], [0, 0, 0.9, 0, 0, 0.6, 0, 0, 0.3840035]), i64([1], [3])],
    },
    { name: 'no limit means none', inputs: [boxes, scores], outputs: [i64([0, 3], []), f32([0, 3], []), i64([1], [0])] },
  ],
  generate: (random) => {
    const type = random.pick(['f32', 'f32', 'f16', 'f64'] as const);
    const [batches, classes, count] = [random.int(1, 2), random.int(1, 3), random.int(0, 12)];
    const number = (x: number) => of(type)([], [x]);
    return {
      attributes: {
        box_encoding: random.pick(['corner', 'center']),
        sort_result_descending: random.next() < 0.5,
        output_type: random.pick(['i32', 'i64']),
      },
      inputs: [
        of(type)([batches, count, 4], random.boxes(batches * count)),
        random.tensor(type, [batches, classes, count], 0, 1),
        i64([], [random.int(0, 8)]),
        number(random.pick([0.2, 0.5, 0.7])),
        number(random.pick([0, 0.3])),
        number(random.pick([0, 0, 0.5])),
      ],
      constants: random.pick([[], [2, 3, 4, 5]]),
    };
  },
});
