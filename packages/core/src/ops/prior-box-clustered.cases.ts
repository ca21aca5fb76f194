import { cases, f32, i64 } from './cases.js';

const image = i64([2], [100, 200]);

export default cases('PriorBoxClustered', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'one place, two boxes',
      attributes: { width: [20, 40], height: [10, 20], offset: 0.5, variance: [0.1] },
      inputs: [i64([2], [1, 1]), image],
      constants: [0, 1],
      outputs: [f32([2, 8], [0.45, 0.45, 0.55, 0.55, 0.4, 0.4, 0.6, 0.6, ...new Array<number>(8).fill(0.1)])],
    },
    {
      name: 'steps and clipping',
      attributes: { width: [40], height: [40], step_w: 20, step_h: 20, offset: 0, clip: true, variance: [1, 2, 3, 4] },
      inputs: [i64([2], [1, 2]), image],
      constants: [0, 1],
      outputs: [f32([2, 8], [0, 0, 0.1, 0.2, 0, 0, 0.2, 0.2, 1, 2, 3, 4, 1, 2, 3, 4])],
    },
    {
      name: 'a step of 0 beside another is one',
      attributes: { width: [40], height: [20], step_h: 50, offset: 0.5, variance: [1] },
      inputs: [i64([2], [1, 1]), image],
      constants: [0, 1],
      outputs: [f32([2, 4], [-0.1, 0.15, 0.1, 0.35, 1, 1, 1, 1])],
    },
  ],
  generate: (random) => ({
    attributes: {
      width: [30, 60],
      height: [40, 20],
      offset: 0.5,
      step: random.pick([0, 16]),
      step_w: random.pick([0, 0, 8]),
      step_h: random.pick([0, 0, 24]),
      clip: random.next() < 0.5,
      variance: [0.1, 0.1, 0.2, 0.2],
    },
    inputs: [i64([2], [random.int(1, 3), random.int(1, 3)]), image],
    constants: [0, 1],
  }),
});
