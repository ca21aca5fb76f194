import { cases, f32 } from './cases.js';

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const plain = { axis: 1, end_axis: 3, coords: 4, classes: 2, num: 1 };
// x, y, w, h, confidence, two classes.
const box = f32([1, 7, 1, 1], [1, 2, 3, 4, 5, 0, Math.log(3)]);

export default cases('RegionYolo', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'softmax, flat',
      attributes: plain,
      inputs: [box],
      outputs: [f32([1, 7], [logistic(1), logistic(2), 3, 4, logistic(5), 0.25, 0.75])],
    },
    {
      name: 'logistic',
      attributes: { ...plain, do_softmax: false, mask: [0] },
      inputs: [box],
      outputs: [f32([1, 7, 1, 1], [logistic(1), logistic(2), 3, 4, logistic(5), 0.5, 0.75])],
    },
  ],
  generate: (random) => {
    const [classes, boxes] = [random.int(1, 3), random.int(1, 2)];
    const do_softmax = random.next() < 0.5;
    return {
      attributes: {
        axis: 1,
        end_axis: 3,
        coords: 4,
        classes,
        num: boxes,
        do_softmax,
        mask: do_softmax ? [] : Array.from({ length: boxes }, (_, i) => i),
      },
      inputs: [random.tensor('f32', [random.int(1, 2), boxes * (classes + 5), random.int(1, 3), random.int(1, 3)])],
    };
  },
});
