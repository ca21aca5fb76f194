import { decode, encode } from '../tensor/convert.js';
import { bitsOf, storageOver } from '../tensor/element.js';
import { sizeOf } from '../tensor/nd.js';
import { elementType } from './attributes.js';
import { numericOrBoolean, op, port } from './op.js';

/** The same bits as elements of another type of the same width. Spec: ONNX BitCast-26. */
export const Bitcast = op('Bitcast', {
  domain: 'cuvee',
  attributes: { destination_type: elementType() },
  inputs: [port('data', numericOrBoolean)],
  outputs: [port('output', numericOrBoolean)],

  infer({ data }, { destination_type }, ctx) {
    if (data.type !== 'dynamic' && bitsOf(data.type) !== bitsOf(destination_type))
      ctx.fail(`${data.type} has ${bitsOf(data.type)} bits, ${destination_type} has ${bitsOf(destination_type)}`);
    return { type: destination_type, shape: data.shape };
  },

  evaluate({ data }, { destination_type }) {
    const count = sizeOf(data.shape);
    const stored = encode(data.type, data.data, count) as Uint8Array;
    const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    return { type: destination_type, shape: data.shape, data: decode(destination_type, storageOver(destination_type, bytes), count) };
  },
});
