/** @file The value of a constant: a type, a shape, and bytes that may still lie in a file. */
import { CuveeError } from '../errors.js';
import { decode, encode } from './convert.js';
import { allocate, byteSize, storageOver, type ElementType, type Storage } from './element.js';
import { sizeOf, type NdArray } from './nd.js';

/** Where a constant's bytes are. Core reads ranges on demand; a device may map the path. */
export type WeightSource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly offset: number;
      readonly length: number;
      readonly read: () => Uint8Array;
      /** What the file was when this was made, where that is known: its size and its time of change in milliseconds. */
      readonly stamp?: { readonly size: number; readonly modified: number } | undefined;
    };

/** Buffers that hold a file as it lies on disk, and a range of that file. */
const onDisk = new WeakMap<ArrayBufferLike, (offset: number, length: number) => WeightSource>();
/** Constants of at least so many bytes are worth a range of their own. */
export const rangeFrom = 64 * 1024;

/**
 * Says that `bytes`, a whole buffer, are a file's, and how a range of the file is named. Constants over them then refer to the file
 * instead of the buffer, so that a model does not keep in memory what its device holds: once for all worker threads.
 */
export function holdsFile(bytes: Uint8Array, range: (offset: number, length: number) => WeightSource): void {
  onDisk.set(bytes.buffer, range);
}

function settled(source: WeightSource): WeightSource {
  const range = source.kind === 'bytes' ? onDisk.get(source.bytes.buffer) : undefined;
  if (source.kind !== 'bytes' || !range) return source;
  const { byteOffset, byteLength } = source.bytes;
  return byteLength < rangeFrom ? { kind: 'bytes', bytes: source.bytes.slice() } : range(byteOffset, byteLength);
}

/** An immutable constant: element type, static shape, little-endian row-major bytes or strings. */
export class Literal {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly size: number;
  readonly source: WeightSource | undefined;
  #storage: Storage | undefined;

  private constructor(type: ElementType, shape: readonly number[], source: WeightSource | undefined, storage: Storage | undefined) {
    this.type = type;
    this.shape = shape;
    this.size = sizeOf(shape);
    this.source = source;
    this.#storage = storage;
  }

  /** Over bytes that lie elsewhere; not read until asked for. Throws MODEL_INVALID when the length does not fit the shape. */
  static at(type: ElementType, shape: readonly number[], source: WeightSource): Literal {
    const length = source.kind === 'bytes' ? source.bytes.byteLength : source.length;
    const literal = new Literal(type, shape, settled(source), undefined);
    const expected = byteSize(type, literal.size);
    if (!Number.isSafeInteger(literal.size) || length !== expected) {
      throw new CuveeError('MODEL_INVALID', `constant of ${type} [${shape.join(',')}] needs ${expected} bytes, its data has ${length}`);
    }
    return literal;
  }

  /** Over storage (bit patterns for f16 and the like), shared. */
  static of(type: ElementType, shape: readonly number[], storage: Storage): Literal {
    const literal = new Literal(type, shape, undefined, storage);
    const expected = type === 'string' ? literal.size : byteSize(type, literal.size);
    const actual = type === 'string' ? storage.length : (storage as Uint8Array).byteLength;
    if (actual !== expected)
      throw new CuveeError('ARGUMENT_INVALID', `constant of ${type} [${shape.join(',')}] needs ${expected} bytes, got ${actual}`);
    return literal;
  }

  /** From decoded values: `Literal.from('i64', [2], [1, -1])`. Numbers become BigInts where the type asks for them. */
  static from(type: ElementType, shape: readonly number[], values: ArrayLike<number | bigint | string | boolean>): Literal {
    const n = sizeOf(shape);
    if (values.length !== n)
      throw new CuveeError('ARGUMENT_INVALID', `constant of shape [${shape.join(',')}] needs ${n} values, got ${values.length}`);
    if (type === 'string') return new Literal(type, shape, undefined, Array.from(values, String));
    if (type === 'i64' || type === 'u64') {
      const wide = allocate(type, n) as BigInt64Array;
      for (let i = 0; i < n; i++) wide[i] = BigInt(values[i] as number);
      return new Literal(type, shape, undefined, wide);
    }
    const plain = narrow(type, n);
    for (let i = 0; i < n; i++) plain[i] = Number(values[i]);
    return Literal.fromNd({ type, shape, data: plain });
  }

  static fromNd(array: NdArray): Literal {
    return new Literal(array.type, array.shape, undefined, encode(array.type, array.data, array.data.length));
  }

  static scalar(type: ElementType, value: number): Literal {
    return Literal.from(type, [], [value]);
  }

  /** Stored elements; reads the file on first use. */
  get storage(): Storage {
    if (this.#storage === undefined) {
      const source = this.source as WeightSource;
      this.#storage = storageOver(this.type, source.kind === 'bytes' ? source.bytes : source.read());
    }
    return this.#storage;
  }

  /** Raw little-endian bytes. Not for strings. */
  get bytes(): Uint8Array {
    if (this.source?.kind === 'bytes') return this.source.bytes;
    const storage = this.storage as Uint8Array;
    return new Uint8Array(storage.buffer, storage.byteOffset, storage.byteLength);
  }

  get byteLength(): number {
    return byteSize(this.type, this.size);
  }

  /** Decoded elements for `evaluate`. */
  nd(): NdArray {
    return { type: this.type, shape: this.shape, data: decode(this.type, this.storage, this.size) };
  }
}

/** Memory for `n` decoded elements of a type that plain numbers can hold. */
function narrow(type: ElementType, n: number): Exclude<Storage, string[] | BigInt64Array | BigUint64Array> {
  if (type === 'f64') return new Float64Array(n);
  if (type === 'u8' || type === 'boolean') return new Uint8Array(n);
  if (type === 'i8') return new Int8Array(n);
  if (type === 'u16') return new Uint16Array(n);
  if (type === 'i16') return new Int16Array(n);
  if (type === 'u32') return new Uint32Array(n);
  if (type === 'i32') return new Int32Array(n);
  return new Float32Array(n);
}
