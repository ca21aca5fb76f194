/** @file MVN with a scale and a shift for each element of a row: layer normalisation in one kernel. */
import { bool, float, floating, index, oneOf, op, port } from '@cuvee/core';

/** mvn(data)·scale + shift, where scale and shift have the dimensions of the normalised axes, which are the last ones. */
export const FusedMVN = op('FusedMVN', {
  attributes: { normalize_variance: bool(), eps: float(), eps_mode: oneOf(['INSIDE_SQRT', 'OUTSIDE_SQRT', 'inside_sqrt', 'outside_sqrt']) },
  inputs: [port('data', floating), port('axes', index), port('scale', floating), port('shift', floating)],
  outputs: [port('output', floating)],
  infer: ({ data }) => ({ type: data.type, shape: data.shape }),
});
