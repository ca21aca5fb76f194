/** @file The element types: names, widths, how they are stored in a typed array and what they compute as. */
import { CuveeError } from '../errors.js';

/** Every element type of IR v11, by the name used in `element_type`; and ONNX's two "fnuz" floats, of which IR knows nothing. */
export const elementTypes = [
  'boolean',
  'u1',
  'u2',
  'u3',
  'u4',
  'u6',
  'u8',
  'u16',
  'u32',
  'u64',
  'i2',
  'i4',
  'i8',
  'i16',
  'i32',
  'i64',
  'f16',
  'bf16',
  'f32',
  'f64',
  'f8e4m3',
  'f8e5m2',
  'f8e8m0',
  'f4e2m1',
  'nf4',
  'f8e4m3fnuz',
  'f8e5m2fnuz',
  'string',
  'dynamic',
] as const;
export type ElementType = (typeof elementTypes)[number];

/** Element types by name: `element.f32` is `'f32'`. */
export const element = Object.fromEntries(elementTypes.map((t) => [t, t])) as { readonly [T in ElementType]: T };

type Kind = 'boolean' | 'unsigned' | 'signed' | 'float' | 'string' | 'dynamic';

interface TypeInfo {
  readonly kind: Kind;
  readonly bits: number;
  /** Spelling of `precision` on an IR port. */
  readonly precision: string;
}

const info: Record<ElementType, TypeInfo> = {
  boolean: { kind: 'boolean', bits: 8, precision: 'BOOL' },
  u1: { kind: 'unsigned', bits: 1, precision: 'BIN' },
  u2: { kind: 'unsigned', bits: 2, precision: 'U2' },
  u3: { kind: 'unsigned', bits: 3, precision: 'U3' },
  u4: { kind: 'unsigned', bits: 4, precision: 'U4' },
  u6: { kind: 'unsigned', bits: 6, precision: 'U6' },
  u8: { kind: 'unsigned', bits: 8, precision: 'U8' },
  u16: { kind: 'unsigned', bits: 16, precision: 'U16' },
  u32: { kind: 'unsigned', bits: 32, precision: 'U32' },
  u64: { kind: 'unsigned', bits: 64, precision: 'U64' },
  i2: { kind: 'signed', bits: 2, precision: 'I2' },
  i4: { kind: 'signed', bits: 4, precision: 'I4' },
  i8: { kind: 'signed', bits: 8, precision: 'I8' },
  i16: { kind: 'signed', bits: 16, precision: 'I16' },
  i32: { kind: 'signed', bits: 32, precision: 'I32' },
  i64: { kind: 'signed', bits: 64, precision: 'I64' },
  f16: { kind: 'float', bits: 16, precision: 'FP16' },
  bf16: { kind: 'float', bits: 16, precision: 'BF16' },
  f32: { kind: 'float', bits: 32, precision: 'FP32' },
  f64: { kind: 'float', bits: 64, precision: 'FP64' },
  f8e4m3: { kind: 'float', bits: 8, precision: 'F8E4M3' },
  f8e5m2: { kind: 'float', bits: 8, precision: 'F8E5M2' },
  f8e8m0: { kind: 'float', bits: 8, precision: 'F8E8M0' },
  f4e2m1: { kind: 'float', bits: 4, precision: 'F4E2M1' },
  nf4: { kind: 'float', bits: 4, precision: 'NF4' },
  f8e4m3fnuz: { kind: 'float', bits: 8, precision: 'F8E4M3FNUZ' },
  f8e5m2fnuz: { kind: 'float', bits: 8, precision: 'F8E5M2FNUZ' },
  string: { kind: 'string', bits: 0, precision: 'STRING' },
  dynamic: { kind: 'dynamic', bits: 0, precision: 'UNSPECIFIED' },
};

/** Width of one element in bits; 0 for string and dynamic. */
export const bitsOf = (type: ElementType): number => info[type].bits;
/** `FP32` for `f32`: the spelling of an IR port's `precision`. */
export const precisionOf = (type: ElementType): string => info[type].precision;
export const isFloat = (type: ElementType): boolean => info[type].kind === 'float';
export const isSigned = (type: ElementType): boolean => info[type].kind === 'signed' || info[type].kind === 'float';
/** True for every integer type; boolean is not one. */
export const isInteger = (type: ElementType): boolean => info[type].kind === 'signed' || info[type].kind === 'unsigned';
/** True for the types whose elements are packed several to a byte. */
export const isSubByte = (type: ElementType): boolean => info[type].bits > 0 && info[type].bits < 8;
export const isElementType = (text: string): text is ElementType => Object.hasOwn(info, text);

/** Bytes that `count` elements take in a file or buffer; u3 and u6 come in groups of three bytes (24 bits). */
export function byteSize(type: ElementType, count: number): number {
  const { bits } = info[type];
  return bits === 3 || bits === 6 ? Math.ceil((count * bits) / 24) * 3 : Math.ceil((count * bits) / 8);
}

/** A typed array of any kind, or the strings of a string tensor: how a tensor's elements are stored. */
export type Storage =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[];

type NumericStorage = Exclude<Storage, string[]>;
interface StorageConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): NumericStorage;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericStorage;
}

const constructors: Partial<Record<ElementType, StorageConstructor>> = {
  u8: Uint8Array,
  boolean: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** The typed array class that stores a type; bit patterns (f16, bf16, f8, packed) are in unsigned arrays. */
export const storageClass = (type: ElementType): StorageConstructor => constructors[type] ?? Uint8Array;

/** Zeroed storage for `count` elements. Throws `OUT_OF_MEMORY` when the engine cannot give it. */
export function allocate(type: ElementType, count: number): Storage {
  if (type === 'string') return new Array<string>(count).fill('');
  const Class = storageClass(type);
  try {
    return new Class(byteSize(type, count) / Class.BYTES_PER_ELEMENT);
  } catch (cause) {
    throw new CuveeError('OUT_OF_MEMORY', `allocating ${count} elements of ${type}`, { cause });
  }
}

/**
 * Zeroed memory that V8 does not count as pressure on its heap, where there is such. With megabytes counted that a model comes with, it begins to
 * collect in the middle of a compilation, and beside inferences.
 */
export const uncounted = (bytes: number): Uint8Array =>
  typeof SharedArrayBuffer === 'undefined' ? new Uint8Array(bytes) : new Uint8Array(new SharedArrayBuffer(bytes));

/** Storage over bytes, copied only when they are not aligned. */
export function storageOver(type: ElementType, bytes: Uint8Array): Storage {
  const Class = storageClass(type);
  const aligned = bytes.byteOffset % Class.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes); // a Buffer's slice() would not copy
  return new Class(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / Class.BYTES_PER_ELEMENT));
}
