import { float, floating, op, port } from '@cuvee/core';

/**
 * μ-law companding of audio samples in −1..1: sign(x) · ln(1 + μ|x|) / ln(1 + μ). Source: ITU-T G.711.
 */
export const MuLaw = op('MuLaw', {
  domain: 'example.audio',
  attributes: { mu: float(255) },
  inputs: [port('samples', floating)],
  outputs: [port('output', floating)],
  check: ({ mu }) => (mu > 0 ? undefined : `mu must be above 0, not ${mu}`),

  infer: ({ samples }) => samples,

  evaluate({ samples }, { mu }) {
    const data = Float32Array.from(
      samples.data as ArrayLike<number>,
      (x) => (Math.sign(x) * Math.log1p(mu * Math.abs(x))) / Math.log1p(mu),
    );
    return { ...samples, data };
  },

  traits: { elementwise: true },
});
