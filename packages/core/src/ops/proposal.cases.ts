import { cases, f32 } from './cases.js';

const plain = { base_size: 4, pre_nms_topn: 10, post_nms_topn: 2, nms_thresh: 0.5, feat_stride: 4, min_size: 1, ratio: [1], scale: [1] };
const still = f32([1, 4, 1, 2], new Array<number>(8).fill(0));
const scores = f32([1, 2, 1, 2], [0.9, 0.2, 0.1, 0.8]);
const image = f32([3], [4, 8, 1]);

export default cases('Proposal', {
  tolerance: { rtol: 1e-5, atol: 1e-5 },
  named: [
    // Anchors of 4 pixels at columns 0 and 4; the moved centre is half a pixel off, as Caffe's counting has it.
    {
      name: 'best first',
      attributes: plain,
      inputs: [scores, still, image],
      outputs: [f32([2, 5], [0, 4, 0, 7, 3, 0, 0, 0, 4, 3]), f32([2], [0.8, 0.1])],
    },
    {
      name: 'the list ends at -1',
      attributes: { ...plain, min_size: 5, pre_nms_topn: 1 },
      inputs: [scores, still, image],
      outputs: [f32([2, 5], [0, 0, 0, 4, 3, -1, 0, 0, 0, 0]), f32([2], [0, 0])],
    },
    {
      name: 'lengths, as fractions of an image whose sides change places',
      attributes: { ...plain, framework: 'tensorflow', normalize: true, post_nms_topn: 1 },
      inputs: [f32([1, 2, 1, 1], [0.2, 0.8]), f32([1, 4, 1, 1], [0.5, 0, 0, 0]), f32([3], [4, 8, 1])],
      outputs: [f32([1, 5], [0, 0.25, 0, 0.75, 0.25]), f32([1], [0.8])],
    },
  ],
  generate: (random) => ({
    attributes: {
      ...plain,
      base_size: 8,
      feat_stride: 8,
      post_nms_topn: 5,
      ratio: [0.5, 1, 2],
      scale: [1, 2],
      clip_before_nms: random.next() < 0.5,
      clip_after_nms: random.next() < 0.5,
      normalize: random.next() < 0.5,
      framework: random.pick(['', 'tensorflow']),
    },
    inputs: [random.tensor('f32', [2, 12, 3, 3], 0, 1), random.tensor('f32', [2, 24, 3, 3], -0.3, 0.3), f32([3], [24, 20, 1])],
  }),
});
