import { cases, f32, i64 } from './cases.js';

const attributes = { min_size: 0, nms_threshold: 0.5, pre_nms_count: 10, post_nms_count: 10 };
const image = f32([1, 3], [10, 10, 1]);
/** Two places of one kind; the second box hangs over the right border. */
const anchors = f32([1, 2, 1, 4], [0, 0, 4, 4, 6, 0, 12, 4]);
const scores = f32([1, 1, 1, 2], [0.5, 0.9]);
const still = f32([1, 4, 1, 2], [0, 0, 0, 0, 0, 0, 0, 0]);

/** Anchors as they are, moved by half a width, too small ones. */
export default cases('GenerateProposals', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'anchors as they are',
      attributes,
      inputs: [image, anchors, still, scores],
      outputs: [f32([2, 4], [6, 0, 10, 4, 0, 0, 4, 4]), f32([2], [0.9, 0.5]), i64([1], [2])],
    },
    {
      name: 'moved',
      attributes: { ...attributes, post_nms_count: 1 },
      inputs: [image, anchors, f32([1, 4, 1, 2], [0.5, -0.5, 0, 0, 0, 0, 0, 0]), scores],
      outputs: [f32([1, 4], [3, 0, 9, 4]), f32([1], [0.9]), i64([1], [1])],
    },
    {
      name: 'too small',
      attributes: { ...attributes, min_size: 5 },
      inputs: [image, anchors, still, scores],
      outputs: [f32([0, 4], []), f32([0], []), i64([1], [0])],
    },
  ],
  generate: (random) => {
    const [batch, kinds, h, w] = [random.int(1, 3), random.int(1, 3), random.int(1, 3), random.int(1, 3)];
    const each = random.pick([3, 4]);
    return {
      attributes: {
        min_size: random.pick([0, 3]),
        nms_threshold: random.pick([0.3, 0.6]),
        pre_nms_count: random.pick([5, 100]),
        post_nms_count: random.int(1, 6),
        normalized: random.next() < 0.5,
        nms_eta: random.pick([1, 1, 0.8]),
        roi_num_type: random.pick(['i32', 'i64']),
      },
      inputs: [
        f32([batch, each], Array.from({ length: batch }, () => [14, 18, 1.5, 0.5].slice(0, each)).flat()),
        f32([h, w, kinds, 4], random.boxes(h * w * kinds, 20)),
        random.tensor('f32', [batch, kinds * 4, h, w], -0.5, 0.5),
        random.tensor('f32', [batch, kinds, h, w], 0, 1),
      ],
    };
  },
});
