import { cases, f32 } from './cases.js';

const regions = f32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);

/** The best one, more than there are. */
export default cases('ExperimentalDetectronTopKROIs', {
  tolerance: { rtol: 0, atol: 0 },
  named: [
    { name: 'the best one', attributes: { max_rois: 1 }, inputs: [regions, f32([2], [0.1, 0.9])], outputs: [f32([1, 4], [5, 6, 7, 8])] },
    {
      name: 'more than there are',
      attributes: { max_rois: 3 },
      inputs: [regions, f32([2], [0.1, 0.9])],
      outputs: [f32([3, 4], [5, 6, 7, 8, 1, 2, 3, 4, 0, 0, 0, 0])],
    },
  ],
});
