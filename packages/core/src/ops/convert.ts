import { dimOf, ScaledValue, truncateScaled, unaryElements } from '../shape/index.js';
import type { Fact } from '../ir/fact.js';
import { elementsOf } from '../ir/infer.js';
import { decode, emptyElements, encode, type Elements } from '../tensor/convert.js';
import { isInteger, type ElementType } from '../tensor/element.js';
import type { NdArray } from '../tensor/nd.js';
import { elementType } from './attributes.js';
import { holdsSizes, isWide, toBigInt } from './elementwise.js';
import { numericOrBoolean, op, port } from './op.js';

/**
 * The same values in another element type. Floats to integers truncate, integers keep their low bits, anything but 0 is true;
 * narrower floats round to nearest even.
 * Spec: OpenVINO Convert-1.
 */
export const Convert = op('Convert', {
  attributes: { destination_type: elementType() },
  inputs: [port('data', numericOrBoolean)],
  outputs: [port('output', numericOrBoolean)],

  infer({ data }, { destination_type }) {
    return { type: destination_type, shape: data.shape, ...convertKnown(data, destination_type) };
  },

  evaluate: ({ data }, { destination_type }) => convert(data, destination_type),

  traits: { elementwise: true },
});

/** Values as another type, rounded as storing them would. */
export function convert(array: NdArray, type: ElementType): NdArray {
  const count = array.data.length;
  const out = emptyElements(type, count) as unknown as (number | bigint)[];
  if (isWide(type))
    for (let i = 0; i < count; i++)
      out[i] = typeof array.data[i] === 'bigint' ? (array.data[i] as bigint) : toBigInt(Number(array.data[i]));
  else if (type === 'boolean') for (let i = 0; i < count; i++) out[i] = Number(array.data[i]) === 0 ? 0 : 1;
  else if (isWide(array.type) && isInteger(type))
    for (let i = 0; i < count; i++) out[i] = Number(BigInt.asIntN(32, array.data[i] as unknown as bigint));
  else for (let i = 0; i < count; i++) out[i] = Number(array.data[i]);
  const values = out as unknown as Elements;
  return { type, shape: array.shape, data: decode(type, encode(type, values, count), count) };
}

/** Value facts: integers as they are, booleans as 0 and 1, sizes to f32 and, rounded towards zero, back. */
export function convertKnown(data: Fact, type: ElementType): Pick<Fact, 'elements' | 'floats'> {
  const elements = elementsOf(data);
  if (type === 'f32' && elements) return { floats: elements.map(dimOf) };
  if (type === 'f32' && data.floats) return { floats: data.floats };
  if (type === 'boolean' && elements) return { elements: elements.map(unaryElements.toBoolean) };
  if (!holdsSizes(type)) return {};
  if (elements) return { elements: elements.map(unaryElements.toInteger) };
  return data.floats
    ? { elements: data.floats.map((x) => (x instanceof ScaledValue ? truncateScaled(x) : typeof x === 'number' ? Math.trunc(x) : x)) }
    : {};
}
