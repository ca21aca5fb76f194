import { select } from '../shape/index.js';
import type { Element } from '../ir/fact.js';
import { elementsOf } from '../ir/infer.js';
import { decode, emptyElements, encode, type Elements } from '../tensor/convert.js';
import { isFloat, isInteger, type ElementType } from '../tensor/element.js';
import type { NdArray } from '../tensor/nd.js';
import { elementType } from './attributes.js';
import { isDim, isWide, toBigInt } from './elementwise.js';
import { conditionOf } from './logic.js';
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
    const elements = elementsOf(data)?.map((e) => convertElement(e, destination_type));
    return { type: destination_type, shape: data.shape, ...(elements?.some((e) => e !== undefined) && { elements }) };
  },

  evaluate: ({ data }, { destination_type }) => convert(data, destination_type),

  traits: { elementwise: true },
});

/** Values as another type, rounded as storing them would. */
export function convert(array: NdArray, type: ElementType): NdArray {
  const count = array.data.length;
  const out = emptyElements(type, count) as unknown as (number | bigint)[];
  if (isWide(type)) for (let i = 0; i < count; i++) out[i] = typeof array.data[i] === 'bigint' ? (array.data[i] as bigint) : toBigInt(Number(array.data[i]));
  else if (type === 'boolean') for (let i = 0; i < count; i++) out[i] = Number(array.data[i]) === 0 ? 0 : 1;
  else if (isWide(array.type) && isInteger(type)) for (let i = 0; i < count; i++) out[i] = Number(BigInt.asIntN(32, array.data[i] as unknown as bigint));
  else for (let i = 0; i < count; i++) out[i] = Number(array.data[i]);
  const values = out as unknown as Elements;
  return { type, shape: array.shape, data: decode(type, encode(type, values, count), count) };
}

function convertElement(e: Element, type: ElementType): Element {
  if (type === 'boolean') return typeof e === 'number' ? Number(e !== 0) : undefined;
  if (isFloat(type)) return undefined;
  const p = isDim(e) ? undefined : conditionOf(e);
  return p !== undefined && typeof p !== 'boolean' ? select(p, 1, 0) : e;
}
