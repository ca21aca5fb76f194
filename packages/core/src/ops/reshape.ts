import { numbersOf, sizeOf } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { any, index, op, port } from './op.js';
import { CuveeError } from '../errors.js';

/**
 * The same elements in another shape. One dimension may be -1: what is left; 0 copies the input's with `special_zero`.
 * Spec: OpenVINO Reshape-1.
 */
export const Reshape = op('Reshape', {
  attributes: { special_zero: bool(false) },
  inputs: [port('data', any), port('pattern', index)],
  outputs: [port('output', any)],

  infer({ data, pattern }, { special_zero }, ctx) {
    const dims = ctx.dims(pattern);
    return { type: data.type, shape: dims && ctx.reshape(data.shape, dims, special_zero) };
  },

  evaluate({ data, pattern }, { special_zero }) {
    const wanted = numbersOf(pattern).map((d, i) => (d === 0 && special_zero ? (data.shape[i] as number) : d));
    const rest = wanted.filter((d) => d !== -1).reduce((a, b) => a * b, 1);
    const shape = wanted.map((d) => (d === -1 ? (rest === 0 ? 0 : sizeOf(data.shape) / rest) : d));
    if (sizeOf(shape) !== sizeOf(data.shape))
      throw new CuveeError('SHAPE_MISMATCH', `[${data.shape.join(',')}] cannot become [${wanted.join(',')}]`);
    return { ...data, shape };
  },

  traits: { moves: true, inPlace: 'data' },
});
