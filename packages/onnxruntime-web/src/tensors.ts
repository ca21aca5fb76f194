/** @file Tensors of onnxruntime-common as Cuvée's, and back. */
import { CuveeError, Tensor, type ElementType, type Storage } from '@cuvee/core';

/** What is read of a tensor that a caller gives. Never `instanceof`: there may be several copies of the class in a program. */
export interface OrtTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
  readonly location?: string;
}

/** What a session answers with; onnxruntime-common makes it a tensor of the right copy of its class. */
export interface OrtResult {
  readonly type: string;
  readonly data: Storage;
  readonly dims: readonly number[];
}

const types: Readonly<Record<string, ElementType>> = {
  float32: 'f32',
  float64: 'f64',
  float16: 'f16',
  int8: 'i8',
  int16: 'i16',
  int32: 'i32',
  int64: 'i64',
  uint8: 'u8',
  uint16: 'u16',
  uint32: 'u32',
  uint64: 'u64',
  int4: 'i4',
  uint4: 'u4',
  bool: 'boolean',
  string: 'string',
};
const names = new Map(Object.entries(types).map(([name, type]) => [type, name]));

/** `float32` for `f32`; undefined for the types that onnxruntime-common has no name for (bf16, f8 …). */
export const ortType = (type: ElementType): string | undefined => names.get(type);

/** The same elements in place. Throws ARGUMENT_INVALID for what is no tensor in host memory, TYPE_MISMATCH for an unknown type. */
export function fromOrt(what: string, value: unknown): Tensor {
  const tensor = value as OrtTensor | null | undefined;
  if (typeof tensor !== 'object' || tensor === null || typeof tensor.type !== 'string' || !Array.isArray(tensor.dims))
    throw new CuveeError('ARGUMENT_INVALID', `${what} must be a Tensor, got ${tensor === null ? 'null' : typeof value}`);
  const { location = 'cpu' } = tensor;
  if (location !== 'cpu' && location !== 'cpu-pinned')
    throw new CuveeError('ARGUMENT_INVALID', `${what} is in ${location}; give its data in host memory, as await tensor.getData() has it`);
  const type = Object.hasOwn(types, tensor.type) ? types[tensor.type] : undefined;
  if (!type) throw new CuveeError('TYPE_MISMATCH', `${what} is a tensor of ${tensor.type}; known are ${Object.keys(types).join(', ')}`);
  return new Tensor(type, tensor.dims, tensor.data as Storage);
}

/** A copy that the caller owns. Throws TYPE_MISMATCH for a type that onnxruntime-common lacks. */
export function toOrt(what: string, tensor: Tensor): OrtResult {
  const type = ortType(tensor.type);
  if (!type) throw new CuveeError('TYPE_MISMATCH', `${what} is ${tensor.type}, for which onnxruntime-common has no tensor type`);
  return { type, data: tensor.data.slice() as Storage, dims: [...tensor.shape] };
}

/** Copies into the caller's tensor. Throws TYPE_MISMATCH and SHAPE_MISMATCH where it does not fit. */
export function copyInto(what: string, tensor: Tensor, given: OrtTensor): void {
  const target = fromOrt(what, given);
  if (target.type !== tensor.type)
    throw new CuveeError('TYPE_MISMATCH', `${what} is ${tensor.type}, the tensor given for it is ${target.type}`);
  if (target.shape.join() !== tensor.shape.join())
    throw new CuveeError(
      'SHAPE_MISMATCH',
      `${what} came out as [${tensor.shape.join(',')}], the tensor given for it is [${target.shape.join(',')}]`,
    );
  if (Array.isArray(target.data)) target.data.splice(0, target.data.length, ...(tensor.data as string[]));
  else (target.data as Uint8Array).set(tensor.data as Uint8Array);
}
