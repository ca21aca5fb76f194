import { cases, f32 } from './cases.js';

const priors = f32([1, 4], [-1, -2, 1, 2]);
const image = f32([1, 1, 4, 8], new Array<number>(32).fill(0));

/** Cells of the feature map; a given grid and steps. */
export default cases('ExperimentalDetectronPriorGridGenerator', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    { name: 'cells of the map', inputs: [priors, f32([1, 1, 1, 2], [0, 0]), image], outputs: [f32([2, 4], [1, 0, 3, 4, 5, 0, 7, 4])] },
    {
      name: 'given steps',
      attributes: { flatten: false, h: 2, w: 1, stride_x: 2, stride_y: 4 },
      inputs: [priors, f32([1, 1, 2, 1], [0, 0]), image],
      outputs: [f32([2, 1, 1, 4], [0, 0, 2, 4, 0, 4, 2, 8])],
    },
  ],
});
