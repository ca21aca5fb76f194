import { cases, f32 } from './cases.js';

/** A map whose value is its column. */
const map = f32([1, 1, 2, 4], [0, 1, 2, 3, 0, 1, 2, 3]);
const regions = f32([2, 4], [0, 0, 2, 2, 1, 1, 1, 1]);

/** One sample in the middle of a region, with and without the half pixel; a region without area. */
export default cases('ExperimentalDetectronROIFeatureExtractor', {
  tolerance: { rtol: 1e-5, atol: 1e-6 },
  named: [
    {
      name: 'one sample',
      attributes: { output_size: 1, sampling_ratio: 1, pyramid_scales: [1] },
      inputs: [regions, map],
      outputs: [f32([2, 1, 1, 1], [1, 0]), regions],
    },
    {
      name: 'half a pixel',
      attributes: { output_size: 1, sampling_ratio: 1, pyramid_scales: [1], aligned: true },
      inputs: [regions, map],
      outputs: [f32([2, 1, 1, 1], [0.5, 0]), regions],
    },
  ],
});
