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
});
