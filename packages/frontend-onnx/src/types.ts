/** ONNX's element types, shapes and value types in core's terms. */
import { CuveeError, type ElementType } from '@cuvee/core';
import type { TypeProto } from './proto/index.js';
import { toNumber } from './checked.js';

/** TensorProto.DataType by number; a text in capitals is a type that Cuvée does not have. */
const names: readonly (ElementType | Uppercase<string>)[] = [
  'UNDEFINED',
  'f32',
  'u8',
  'i8',
  'u16',
  'i16',
  'i32',
  'i64',
  'string',
  'boolean',
  'f16',
  'f64',
  'u32',
  'u64',
  'COMPLEX64',
  'COMPLEX128',
  'bf16',
  'f8e4m3',
  'f8e4m3fnuz',
  'f8e5m2',
  'f8e5m2fnuz',
  'u4',
  'i4',
  'f4e2m1',
  'f8e8m0',
  'u2',
  'i2',
  'FLOAT6E2M3',
  'FLOAT6E3M2',
];

/** The element type that a number of a file means. Throws MODEL_INVALID for a number that ONNX does not define. */
export function elementTypeOf(code: number | undefined, what: string): ElementType {
  const name = names[code ?? 0];
  if (name === undefined || name === 'UNDEFINED')
    throw new CuveeError('MODEL_INVALID', `${what} has element type ${code ?? 0}, which ONNX does not define`);
  if (name === name.toUpperCase()) throw new CuveeError('MODEL_UNSUPPORTED', `${what} has element type ${name}`);
  return name as ElementType;
}

/** The number of an element type: the opposite of `elementTypeOf`. */
export const codeOf = (type: ElementType): number => names.indexOf(type);

/** A tensor type as core's Parameter takes it. */
export interface TensorType {
  readonly type: ElementType;
  readonly shape: string;
}

/**
 * The tensor type of a graph input, with its shape as text: `1,3,?`; `...` for an unknown rank.
 * Throws MODEL_UNSUPPORTED for sequences, optionals, maps and sparse tensors, MODEL_INVALID for a type that is none or several.
 */
export function tensorTypeOf(type: TypeProto | undefined, what: string): TensorType {
  const kinds = Object.entries(type ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([kind]) => kind);
  if (kinds.length !== 1)
    throw new CuveeError('MODEL_INVALID', `${what} has ${kinds.length === 0 ? 'no type' : `several types: ${kinds.join(', ')}`}`);
  const tensor = type?.tensorType;
  if (!tensor) throw new CuveeError('MODEL_UNSUPPORTED', `${what} is a ${String(kinds[0]).replace('Type', '')} and not a tensor`);
  const element = elementTypeOf(tensor.elemType, what);
  if (!tensor.shape) return { type: element, shape: '...' };
  if (tensor.shape.dim.length > 64) throw new CuveeError('MODEL_UNSUPPORTED', `${what} has ${tensor.shape.dim.length} axes`);
  const dims = tensor.shape.dim.map(({ dimValue, dimParam }) => {
    if (dimValue === undefined) return '?';
    if (dimParam !== undefined) throw new CuveeError('MODEL_INVALID', `a dimension of ${what} is both ${dimValue} and "${dimParam}"`);
    if (dimValue < 0n) return '?'; // older exporters write -1 for unknown
    if (dimValue > 0x7fffffffffffn) throw new CuveeError('MODEL_INVALID', `a dimension of ${what} is ${dimValue}`);
    return String(toNumber(dimValue));
  });
  return { type: element, shape: `[${dims.join(',')}]` };
}
