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
  generate: (random) => {
    const [kinds, h, w] = [random.int(1, 3), random.int(1, 3), random.int(1, 3)];
    return {
      attributes: {
        min_size: random.pick([0, 3]),
        nms_threshold: random.pick([0.3, 0.6]),
        pre_nms_count: random.pick([5, 100]),
        post_nms_count: random.int(1, 12),
      },
      inputs: [
        f32([3], [14, 18, 1.5]),
        f32([h * w * kinds, 4], random.boxes(h * w * kinds, 20)),
        random.tensor('f32', [kinds * 4, h, w], -0.5, 0.5),
        random.tensor('f32', [kinds, h, w], 0, 1),
      ],
    };
  },
});
