import { cases, f32 } from './cases.js';

/** Two anchors apart, one row left empty. */
export default cases('ExperimentalDetectronGenerateProposalsSingleImage', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'two of three',
      attributes: { min_size: 0, nms_threshold: 0.5, pre_nms_count: 10, post_nms_count: 3 },
      inputs: [
        f32([3], [10, 10, 1]),
        f32([2, 4], [0, 0, 3, 3, 6, 0, 11, 3]),
        f32([4, 1, 2], [0, 0, 0, 0, 0, 0, 0, 0]),
        f32([1, 1, 2], [0.5, 0.9]),
      ],
      outputs: [f32([3, 4], [6, 0, 9, 3, 0, 0, 3, 3, 0, 0, 0, 0]), f32([3], [0.9, 0.5, 0])],
    },
  ],
});
