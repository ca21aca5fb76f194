import { float, floating, op, port } from '@cuvee/core';

/**
 * The inverse of μ-law: sign(y) · ((1 + μ)^|y| − 1) / μ. It has no kernel anywhere: operations that every device has make it up.
 * Source: ITU-T G.711.
 */
export const MuLawExpand = op('MuLawExpand', {
  domain: 'example.audio',
  attributes: { mu: float(255) },
  inputs: [port('samples', floating)],
  outputs: [port('output', floating)],

  infer: ({ samples }) => samples,

  decompose(g, { samples }, { mu }) {
    const grown = g.subtract(g.power(g.scalar(1 + mu, samples), g.abs(samples)), g.scalar(1, samples));
    return g.multiply(g.sign(samples), g.divide(grown, g.scalar(mu, samples)));
  },
});
