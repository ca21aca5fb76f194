/** TensorProto → core's Literal, without copying where the file's layout is the memory's. */
import { allocate, byteSize, CuveeError, Literal, storageClass, type ElementType, type Storage } from '@cuvee/core';
import { elementCount, toNumber } from './checked.js';
import type { ExternalFiles } from './external.js';
import type { SparseTensorProto, TensorProto } from './proto/index.js';
import { elementTypeOf } from './types.js';

/** Sparse tensors become dense while reading, up to this many bytes. */
const largestSparse = 64 * 2 ** 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of a file as text. Throws MODEL_INVALID when they are not UTF-8. */
export function textOf(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CuveeError('MODEL_INVALID', `${what} is not valid UTF-8`, { cause });
  }
}

/** A tensor's dimensions. Throws MODEL_INVALID for negative ones and for more elements than can be counted. */
function shapeOf(dims: readonly bigint[], what: string): readonly number[] {
  if (dims.length > 64 || elementCount(dims) === undefined)
    throw new CuveeError('MODEL_INVALID', `${what} has dimensions [${dims.slice(0, 16).join(',')}]`);
  return dims.map(Number);
}

const fields = ['rawData', 'floatData', 'int32Data', 'int64Data', 'doubleData', 'uint64Data'] as const;

/** The typed field that holds a type's numbers, when they are not in `raw_data`. */
const fieldOf = (type: ElementType): (typeof fields)[number] => {
  if (type === 'f32') return 'floatData';
  if (type === 'f64') return 'doubleData';
  if (type === 'i64') return 'int64Data';
  if (type === 'u64' || type === 'u32') return 'uint64Data';
  return 'int32Data';
};

/**
 * A tensor of the file. Exactly one place may hold its data, and it must hold exactly what type and shape need;
 * everything else is MODEL_INVALID. `what` names the tensor in errors.
 */
export function literalOf(tensor: TensorProto, files: ExternalFiles, what: string): Literal {
  const type = elementTypeOf(tensor.dataType, what);
  const shape = shapeOf(tensor.dims, what);
  const count = elementCount(shape) as number;
  if (tensor.hasSegment) throw new CuveeError('MODEL_UNSUPPORTED', `${what} is stored in segments`);
  let given: string | undefined;
  const found = (place: string): void => {
    if (given !== undefined) throw new CuveeError('MODEL_INVALID', `${what} has its data in several places: ${given}, ${place}`);
    given = place;
  };
  for (let i = 0; i < fields.length; i++) if ((tensor[fields[i] as 'rawData']?.length ?? 0) > 0) found(fields[i] as string);
  if (tensor.stringData.length > 0) found('stringData');
  const external = tensor.dataLocation === 1;
  if (external || tensor.externalData.length > 0) found('externalData');
  if (external !== tensor.externalData.length > 0 || (tensor.dataLocation ?? 0) >>> 0 > 1)
    throw new CuveeError('MODEL_INVALID', `${what}: data_location ${tensor.dataLocation ?? 0} does not fit its external data`);
  if (type === 'string') return stringsOf(tensor, shape, count, given, what);
  const bytes = byteSize(type, count);
  if (external) return Literal.at(type, shape, files.source(tensor.externalData, bytes, what));
  const field = given ?? 'rawData';
  if (field === 'rawData') return fromBytes(type, shape, tensor.rawData ?? new Uint8Array(), bytes, what);
  if (field !== fieldOf(type)) throw new CuveeError('MODEL_INVALID', `${what} of type ${type} has its data in ${field}`);
  if (field === 'floatData' || field === 'doubleData') return fromBytes(type, shape, tensor[field] as Uint8Array, bytes, what);
  const numbers = tensor[field as 'int32Data'] as Int32Array | BigInt64Array | BigUint64Array;
  const packed = bytes < count; // sub-byte types: each number is one byte of them
  if (numbers.length !== (packed ? bytes : count))
    throw new CuveeError('MODEL_INVALID', `${what} of type ${type} [${shape.join(',')}] has ${numbers.length} numbers`);
  return Literal.of(type, shape, converted(type, numbers, what));
}

function fromBytes(type: ElementType, shape: readonly number[], data: Uint8Array, bytes: number, what: string): Literal {
  if (data.length !== bytes)
    throw new CuveeError('MODEL_INVALID', `${what} of type ${type} [${shape.join(',')}] needs ${bytes} bytes, its data has ${data.length}`);
  return Literal.at(type, shape, { kind: 'bytes', bytes: data });
}

function stringsOf(tensor: TensorProto, shape: readonly number[], count: number, field: string | undefined, what: string): Literal {
  if ((field !== undefined && field !== 'stringData') || tensor.stringData.length !== count) {
    throw new CuveeError(
      'MODEL_INVALID',
      `${what} of strings [${shape.join(',')}] has ${tensor.stringData.length} strings${field === undefined || field === 'stringData' ? '' : ` and ${field}`}`,
    );
  }
  return Literal.of(
    'string',
    shape,
    tensor.stringData.map((bytes) => textOf(bytes, what)),
  );
}

/** Numbers of a wider field as storage; a number that the type cannot hold is MODEL_INVALID. */
function converted(type: ElementType, numbers: Int32Array | BigInt64Array | BigUint64Array, what: string): Storage {
  if (type === 'i32' || type === 'i64' || type === 'u64') return numbers;
  const storage = new (storageClass(type))(numbers.length) as Uint8Array;
  const signed = type === 'i8' || type === 'i16';
  for (let i = 0; i < numbers.length; i++) {
    const number = Number(numbers[i]);
    storage[i] = number;
    // bit patterns and unsigned numbers may have been written as their negative twins
    const twin = signed || type === 'u32' ? number : number + (number < 0 ? 2 ** (8 * storage.BYTES_PER_ELEMENT) : 0);
    if (storage[i] !== twin) throw new CuveeError('MODEL_INVALID', `${what}: ${number} does not fit ${type}`);
  }
  return storage;
}

/** A sparse tensor made dense. Throws MODEL_INVALID for coordinates outside, MODEL_UNSUPPORTED above 64 MiB. */
export function denseOf(sparse: SparseTensorProto, files: ExternalFiles, what: string): Literal {
  const shape = shapeOf(sparse.dims, what);
  const count = elementCount(shape) as number;
  if (!sparse.values || !sparse.indices) throw new CuveeError('MODEL_INVALID', `${what} lacks values or indices`);
  const values = literalOf(sparse.values, files, `the values of ${what}`);
  const indices = literalOf(sparse.indices, files, `the indices of ${what}`);
  const { type } = values;
  if (type === 'string' || byteSize(type, 1) * 8 !== byteSize(type, 8))
    throw new CuveeError('MODEL_UNSUPPORTED', `${what} is sparse of type ${type}`);
  if (byteSize(type, count) > largestSparse)
    throw new CuveeError('MODEL_UNSUPPORTED', `${what} would take ${byteSize(type, count)} bytes as a dense tensor`);
  const linear = indices.shape.length === 1;
  const entries = values.size;
  const fitting =
    indices.type === 'i64' &&
    values.shape.length === 1 &&
    indices.shape[0] === entries &&
    (linear || (indices.shape.length === 2 && indices.shape[1] === shape.length));
  if (!fitting)
    throw new CuveeError(
      'MODEL_INVALID',
      `${what}: indices ${indices.type} [${indices.shape.join(',')}] do not fit ${entries} values of rank ${shape.length}`,
    );
  const dense = allocate(type, count) as Uint8Array;
  const from = values.storage as Uint8Array,
    at = indices.storage as BigInt64Array;
  for (let i = 0; i < entries; i++) {
    let place = 0;
    if (linear) place = toNumber(at[i] as bigint);
    else {
      for (let axis = 0; axis < shape.length; axis++) {
        const index = toNumber(at[i * shape.length + axis] as bigint);
        if (index < 0 || index >= (shape[axis] as number)) place = Number.NaN;
        place = place * (shape[axis] as number) + index;
      }
    }
    if (!(place >= 0 && place < count)) throw new CuveeError('MODEL_INVALID', `${what}: entry ${i} lies outside [${shape.join(',')}]`);
    dense[place] = from[i] as number;
  }
  return Literal.of(type, shape, dense);
}

/** A 1-D tensor. */
export const lineOf = (type: ElementType, values: ArrayLike<number | string>): Literal => Literal.from(type, [values.length], values);
