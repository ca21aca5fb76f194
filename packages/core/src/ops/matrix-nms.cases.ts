import { cases, f32, i64 } from './cases.js';

/** The second box overlaps the first by 1/3, the third lies apart. */
const boxes = f32([1, 3, 4], [0, 0, 2, 2, 0, 1, 2, 3, 0, 10, 1, 11]);
const scores = f32([1, 1, 3], [0.9, 0.6, 0.3]);

/** Both decays, a threshold after them. */
export default cases('MatrixNms', {
  tolerance: { rtol: 1e-4, atol: 1e-6 },
  named: [
    {
      name: 'linear',
      attributes: { sort_result_type: 'score' },
      inputs: [boxes, scores],
      outputs: [f32([3, 6], [0, 0.9, 0, 0, 2, 2, 0, 0.4, 0, 1, 2, 3, 0, 0.3, 0, 10, 1, 11]), i64([3, 1], [0, 1, 2]), i64([1], [3])],
    },
    {
      name: 'gaussian, cut after',
      attributes: { sort_result_type: 'score', decay_function: 'gaussian', gaussian_sigma: 9, post_threshold: 0.25 },
      inputs: [boxes, scores],
      outputs: [f32([2, 6], [0, 0.9, 0, 0, 2, 2, 0, 0.3, 0, 10, 1, 11]), i64([2, 1], [0, 2]), i64([1], [2])],
    },
  ],
  generate: (random) => {
    const [batches, classes, count] = [random.int(1, 2), random.int(1, 3), random.int(1, 9)];
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
        decay_function: random.pick(['linear', 'gaussian']),
        gaussian_sigma: random.pick([1, 2]),
        post_threshold: random.pick([0, 0.2]),
      },
      inputs: [f32([batches, count, 4], random.boxes(batches * count, 4)), random.tensor('f32', [batches, classes, count], 0, 1)],
    };
  },
});
