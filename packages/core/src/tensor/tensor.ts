/** @file The tensor that users and devices exchange. */
import { CuveeError } from '../errors.js';
import { decode, encode, type Elements } from './convert.js';
import { allocate, byteSize, isElementType, storageClass, type ElementType, type Storage } from './element.js';
import { sizeOf } from './nd.js';

/** Dimensions as any list of whole numbers; fractions are truncated. */
export type ShapeLike = readonly number[] | Int32Array | Uint32Array;

/** Marks the tensors of every copy of this module: loaders that translate ES modules may well make two. */
const mark: unique symbol = Symbol.for('cuvee.Tensor');

/** Element type, shape and elements in host memory. Shares memory with the typed array that it is made over. */
export class Tensor {
  #type: ElementType;
  #shape: readonly number[];
  #data: Storage;

  /** A string tensor from its elements, or zeroed memory, or a view of `data`. Throws ARGUMENT_INVALID. */
  constructor(strings: readonly string[]);
  constructor(type: ElementType, shape: ShapeLike, data?: Storage | ArrayBufferLike);
  constructor(type: ElementType | readonly string[], shape?: ShapeLike, data?: Storage | ArrayBufferLike) {
    if (Array.isArray(type)) {
      this.#type = 'string';
      this.#shape = [type.length];
      this.#data = [...(type as readonly string[])];
      return;
    }
    if (typeof type !== 'string' || !isElementType(type) || type === 'dynamic')
      throw new CuveeError('ARGUMENT_INVALID', `unknown element type ${String(type)}`);
    this.#type = type;
    this.#shape = toShape(shape as ShapeLike);
    this.#data = data === undefined ? allocate(type, sizeOf(this.#shape)) : over(type, this.#shape, data);
  }

  get [mark](): true {
    return true;
  }
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value;
  }

  get type(): ElementType {
    return this.#type;
  }
  get shape(): readonly number[] {
    return this.#shape;
  }
  /** Stored elements: a view. f16, bf16 and f8 are bit patterns; narrower types are packed. */
  get data(): Storage {
    return this.#data;
  }
  /** Copies elements in. */
  set data(values: Storage) {
    if (values.length !== this.#data.length)
      throw new CuveeError('ARGUMENT_INVALID', `tensor holds ${this.#data.length} stored elements, got ${values.length}`);
    for (let i = 0; i < values.length; i++) this.#data[i] = values[i] as never;
  }
  get size(): number {
    return sizeOf(this.#shape);
  }
  get byteLength(): number {
    return byteSize(this.#type, this.size);
  }
  /** Elements as numbers (f16 and the like decoded), BigInts for the 64-bit integers, or strings. */
  values(): Elements {
    return decode(this.#type, this.#data, this.size);
  }
  /** From decoded values; rounds to nearest even. */
  static from(type: ElementType, shape: ShapeLike, values: Elements): Tensor {
    return new Tensor(type, shape, encode(type, values, sizeOf(toShape(shape))));
  }
  getElementType(): ElementType {
    return this.#type;
  }
  getShape(): number[] {
    return [...this.#shape];
  }
  getSize(): number {
    return this.size;
  }
  getData(): Storage {
    return this.#data;
  }
  isContinuous(): boolean {
    return true;
  }
  /** Another shape; of as many elements it keeps them, else the memory is new and zeroed. */
  setShape(shape: ShapeLike): void {
    const next = toShape(shape);
    if (sizeOf(next) !== this.size) this.#data = allocate(this.#type, sizeOf(next));
    this.#shape = next;
  }
  /** Copies the elements into a tensor or typed array of the same kind and size. Throws ARGUMENT_INVALID. */
  copyTo(target: Tensor | Storage): void {
    const to = target instanceof Tensor ? target.data : target;
    if (to.constructor !== this.#data.constructor || to.length !== this.#data.length)
      throw new CuveeError('ARGUMENT_INVALID', `${this.#data.length} stored elements of ${this.#type} do not fit ${to.length}`);
    for (let i = 0; i < to.length; i++) to[i] = this.#data[i] as never;
  }
  /** A copy with memory of its own. */
  slice(): Tensor {
    return new Tensor(this.#type, this.#shape, this.#data.slice() as Storage);
  }
}

/** Whole, non-negative dimensions. Throws ARGUMENT_INVALID. */
export function toShape(shape: ShapeLike): readonly number[] {
  const listed = Array.isArray(shape) || shape instanceof Int32Array || shape instanceof Uint32Array;
  const dims = listed ? Array.from(shape as readonly number[], (d) => (typeof d === 'number' ? Math.trunc(d) : Number.NaN)) : [Number.NaN];
  if (!dims.every((d) => Number.isSafeInteger(d) && d >= 0) || !Number.isSafeInteger(sizeOf(dims)))
    throw new CuveeError('ARGUMENT_INVALID', `shape must be a list of whole numbers, got ${String(shape)}`);
  return dims;
}

function over(type: ElementType, shape: readonly number[], data: Storage | ArrayBufferLike): Storage {
  const expected = type === 'string' ? sizeOf(shape) : byteSize(type, sizeOf(shape));
  if (Array.isArray(data)) {
    if (type !== 'string' || data.length !== expected)
      throw new CuveeError('ARGUMENT_INVALID', `tensor of ${type} [${shape.join(',')}] cannot be made over ${data.length} strings`);
    return data;
  }
  const Class = storageClass(type);
  const view = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
  if (type === 'string' || view.byteLength !== expected)
    throw new CuveeError('ARGUMENT_INVALID', `tensor of ${type} [${shape.join(',')}] needs ${expected} bytes, got ${view.byteLength}`);
  if (view.byteOffset % Class.BYTES_PER_ELEMENT !== 0)
    return new Class(new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer, 0, expected / Class.BYTES_PER_ELEMENT);
  return new Class(view.buffer, view.byteOffset, expected / Class.BYTES_PER_ELEMENT);
}
