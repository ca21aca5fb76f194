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
  generate: (random) => {
    const [count, channels, levels] = [random.int(1, 5), random.int(1, 3), random.int(1, 3)];
    const sizes = Array.from({ length: count }, () => random.pick([0, 20, 150, 300]));
    return {
      attributes: {
        output_size: random.int(1, 3),
        sampling_ratio: random.int(0, 2),
        pyramid_scales: [4, 8, 16].slice(0, levels),
        aligned: random.next() < 0.5,
      },
      inputs: [
        f32(
          [count, 4],
          sizes.flatMap((s) => [random.next() * 20, random.next() * 20, 20 + s, 22 + s * 0.7]),
        ),
        ...Array.from({ length: levels }, (_, i) => random.tensor('f32', [1, channels, 40 >> i, 36 >> i])),
      ],
    };
  },
});
