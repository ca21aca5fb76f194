import { cases, f32 } from './cases.js';

const plain = {
  keep_top_k: [3],
  nms_threshold: 0.5,
  confidence_threshold: 0.1,
  normalized: true,
  code_type: 'caffe.PriorBoxParameter.CORNER',
  variance_encoded_in_target: true,
};
// Three priors, the first two almost the same; two classes, the first being the background.
const priors = f32([1, 1, 12], [0, 0, 0.5, 0.5, 0, 0, 0.5, 0.4, 0.5, 0.5, 1, 1]);
const offsets = f32([1, 12], new Array<number>(12).fill(0));
const scores = f32([1, 6], [0.1, 0.8, 0.1, 0.9, 0.3, 0.7]);

export default cases('DetectionOutput', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'the better of two that overlap',
      attributes: plain,
      inputs: [offsets, scores, priors],
      outputs: [f32([1, 1, 3, 7], [0, 1, 0.9, 0, 0, 0.5, 0.4, 0, 1, 0.7, 0.5, 0.5, 1, 1, -1, 0, 0, 0, 0, 0, 0])],
    },
    {
      name: 'one kept',
      attributes: { ...plain, keep_top_k: [1] },
      inputs: [offsets, scores, priors],
      outputs: [f32([1, 1, 1, 7], [0, 1, 0.9, 0, 0, 0.5, 0.4])],
    },
    {
      name: 'centres and sizes, with variances',
      attributes: { ...plain, keep_top_k: [1], code_type: 'caffe.PriorBoxParameter.CENTER_SIZE', variance_encoded_in_target: false },
      inputs: [f32([1, 4], [1, 0, 10 * Math.log(2), 0]), f32([1, 2], [0, 1]), f32([1, 2, 4], [0.2, 0.2, 0.4, 0.4, 0.5, 0.5, 0.1, 0.1])],
      outputs: [f32([1, 1, 1, 7], [0, 1, 1, 0.2, 0.2, 0.6, 0.4])],
    },
    {
      name: 'labels without the background',
      attributes: { ...plain, keep_top_k: [1], decrease_label_id: true },
      inputs: [offsets, scores, priors],
      outputs: [f32([1, 1, 1, 7], [0, 0, 0.9, 0, 0, 0.5, 0.4])],
    },
  ],
  generate: (random) => {
    const corners = Array.from({ length: 6 }, () => {
      const [x, y] = [random.next() * 0.6, random.next() * 0.6];
      return [x, y, x + 0.2 + random.next() * 0.2, y + 0.2 + random.next() * 0.2];
    });
    return {
      attributes: {
        ...plain,
        keep_top_k: [random.int(2, 6)],
        top_k: random.pick([-1, 4]),
        decrease_label_id: random.next() < 0.3,
        clip_before_nms: random.next() < 0.5,
        background_label_id: random.pick([0, -1]),
      },
      inputs: [random.tensor('f32', [2, 24], -0.1, 0.1), random.tensor('f32', [2, 18], 0, 1), f32([1, 1, 24], corners.flat())],
    };
  },
});
