import { cases, f32, i32, i64, of } from './cases.js';

/** Three boxes: the second overlaps the first by 0.81, the third lies apart. */
const boxes = f32([1, 3, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11]);
const scores = f32([1, 2, 3], [0.9, 0.75, 0.6, 0.1, 0.8, 0.2]);
const attributes = { iou_threshold: 0.5, score_threshold: 0.15 };

/** By score, by class without the background, boxes of each class by batch. */
export default cases('MulticlassNms', {
  tolerance: { rtol: 1e-5, atol: 0 },
  named: [
    {
      name: 'by score, the best three',
      attributes: { ...attributes, sort_result_type: 'score', keep_top_k: 3 },
      inputs: [boxes, scores],
      outputs: [f32([3, 6], [0, 0.9, 0, 0, 1, 1, 1, 0.8, 0, 0.1, 1, 1.1, 0, 0.6, 0, 10, 1, 11]), i64([3, 1], [0, 1, 2]), i64([1], [3])],
    },
    {
      name: 'without the background',
      attributes: { ...attributes, sort_result_type: 'classid', background_class: 0, output_type: 'i32' },
      inputs: [boxes, scores],
      outputs: [f32([2, 6], [1, 0.8, 0, 0.1, 1, 1.1, 1, 0.2, 0, 10, 1, 11]), i32([2, 1], [1, 2]), i32([1], [2])],
    },
    {
      name: 'boxes of each class',
      attributes,
      inputs: [f32([1, 2, 4], [0, 0, 1, 1, 0, 0, 1, 1]), f32([1, 2], [0.5, 0.4]), i32([2], [1, 1])],
      outputs: [f32([2, 6], [0, 0.5, 0, 0, 1, 1, 0, 0.4, 0, 0, 1, 1]), i64([2, 1], [0, 1]), i64([2], [1, 1])],
    },
  ],
  generate: (random) => {
    const type = random.pick(['f32', 'f32', 'f64'] as const);
    const [batches, classes, count] = [random.int(1, 2), random.int(1, 3), random.int(1, 9)];
    const numbers = random.next() < 0.4 ? [random.int(0, count), random.int(0, 4)] : undefined;
    const all = (numbers ?? []).reduce((a, b) => a + b, 0);
    return {
      attributes: {
        sort_result_type: random.pick(['none', 'score', 'classid']),
        sort_result_across_batch: random.next() < 0.5,
        output_type: random.pick(['i32', 'i64']),
        score_threshold: random.pick([0, 0.3]),
        nms_top_k: random.pick([-1, 3]),
        keep_top_k: random.pick([-1, 4]),
        background_class: random.pick([-1, 0]),
        normalized: random.next() < 0.5,
        iou_threshold: random.pick([0.2, 0.5, 0.7]),
        nms_eta: random.pick([1, 1, 0.8]),
      },
      inputs: numbers
        ? [of(type)([classes, all, 4], random.boxes(classes * all, 4)), random.tensor(type, [classes, all], 0, 1), i32([2], numbers)]
        : [of(type)([batches, count, 4], random.boxes(batches * count, 4)), random.tensor(type, [batches, classes, count], 0, 1)],
    };
  },
});
