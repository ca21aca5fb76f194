import { cases, f32, i32 } from './cases.js';

const attributes = {
  score_threshold: 0.1,
  nms_threshold: 0.5,
  max_delta_log_wh: 4,
  num_classes: 2,
  post_nms_count: 5,
  max_detections_per_image: 2,
  deltas_weights: [1, 1, 1, 1],
};

/** One of two regions above the threshold. */
export default cases('ExperimentalDetectronDetectionOutput', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'one detection',
      attributes,
      inputs: [
        f32([2, 4], [0, 0, 3, 3, 5, 5, 8, 8]),
        f32([2, 8], new Array<number>(16).fill(0)),
        f32([2, 2], [0.1, 0.9, 0.95, 0.05]),
        f32([1, 3], [20, 20, 1]),
      ],
      outputs: [f32([2, 4], [0, 0, 3, 3, 0, 0, 0, 0]), i32([2], [1, 0]), f32([2], [0.9, 0])],
    },
  ],
  generate: (random) => {
    const [count, classes] = [random.int(1, 8), random.int(2, 4)];
    return {
      attributes: {
        ...attributes,
        num_classes: classes,
        score_threshold: random.pick([0, 0.4]),
        nms_threshold: random.pick([0.2, 0.5]),
        post_nms_count: random.int(1, 5),
        max_detections_per_image: random.int(1, 12),
        class_agnostic_box_regression: random.next() < 0.3,
        deltas_weights: random.pick([
          [1, 1, 1, 1],
          [10, 10, 5, 5],
        ]),
      },
      inputs: [
        f32([count, 4], random.boxes(count, 20)),
        random.tensor('f32', [count, classes * 4], -1, 1),
        random.tensor('f32', [count, classes], 0, 1),
        f32([1, 3], [13, 15, 1]),
      ],
    };
  },
});
