/** @file The tensor that users and devices exchange. */
import { isText, noArguments, printedAs, wrongCall } from '../calls.js';
import { CuveeError } from '../errors.js';
import { decode, toElements, encode, type Elements } from './convert.js';
import { allocate, byteSize, isElementType, storageClass, type ElementType, type Storage } from './element.js';
import { fromPixels, toPixels, type Picture, type PictureOptions } from './picture.js';
import { sizeOf } from './nd.js';
import { readNpy, writeNpy } from './npy.js';

/** Dimensions as any list of whole numbers; fractions are truncated. */
export type ShapeLike = readonly number[] | Int32Array | Uint32Array;

/** Marks the tensors of every copy of this module: loaders that translate ES modules may well make two. */
const mark: unique symbol = Symbol.for('cuvee.Tensor');

/**
 * Element type, shape and elements in host memory. Shares memory with the typed array that it is made over, a view with an
 * offset or of a SharedArrayBuffer as well; an offset that does not suit the type makes it copy.
 */
export class Tensor {
  #type: ElementType;
  #shape: readonly number[];
  #data: Storage;
  /** The memory that it was made with, of which `data` is the start. */
  #room: Storage;
  /** Whether that memory is its own: only then can it grow. */
  readonly #own: boolean;

  /** A string tensor from its elements, or zeroed memory, or a view of `data`. Throws ARGUMENT_INVALID. */
  constructor(strings: readonly string[]);
  constructor(type: ElementType, shape: ShapeLike, data?: Storage | ArrayBufferView);
  constructor(...given: unknown[]) {
    const [type, shape, data] = given;
    if (given.length === 0 || given.length > 3) throw wrongCall('Invalid number of arguments for Tensor constructor.');
    if (given.length === 1 && Array.isArray(type)) {
      this.#type = 'string';
      this.#shape = [type.length];
      this.#data = this.#room = textsOf(type);
      this.#own = true;
      return;
    }
    if (!isText(type) || !isElementType(type) || type === 'dynamic')
      throw wrongCall(`Cannot create ov::element::Type: unknown element type ${String(type)}`);
    this.#type = type;
    this.#shape = toShape(shape);
    this.#own = data === undefined;
    this.#data = this.#room = data === undefined ? allocate(type, sizeOf(this.#shape)) : over(type, this.#shape, data);
  }

  get [mark](): true {
    return true;
  }
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value;
  }

  /** Element type: `f32`, `u8`, `string` … */
  get type(): ElementType {
    return this.#type;
  }
  /** Dimensions; empty for a scalar. */
  get shape(): readonly number[] {
    return this.#shape;
  }
  /** Stored elements: a view, not a copy. f16, bf16 and f8 are bit patterns; narrower types are packed. */
  get data(): Storage {
    return this.#data;
  }
  /** Copies elements in: a typed array of the same kind and bytes, or strings. Throws ARGUMENT_INVALID, TYPE_MISMATCH. */
  set data(values: Storage) {
    const own = this.#data;
    if (Array.isArray(own)) {
      const texts = Array.isArray(values) ? textsOf(values) : undefined;
      if (!texts) throw wrongCall('Passed argument must be TypedArray, or Array if the tensor type is string.');
      if (texts.length !== own.length)
        throw wrongCall(`Passed array must have the same size as the Tensor! It has ${own.length} elements, not ${texts.length}.`);
      texts.forEach((text, i) => {
        own[i] = text;
      });
      return;
    }
    if (!isTypedArray(values)) throw wrongCall('Passed argument must be TypedArray, or Array if the tensor type is string.');
    if (values.byteLength !== own.byteLength)
      throw wrongCall(`Passed array must have the same size as the Tensor! It has ${own.byteLength} bytes, not ${values.byteLength}.`);
    const given = bitsOfHalf(values);
    if (kindOf(given) !== kindOf(own))
      throw new CuveeError('TYPE_MISMATCH', `a tensor of ${this.#type} is stored as ${kindOf(own)}, the array is ${kindOf(values)}`);
    bytesOf(own).set(bytesOf(given));
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.#shape);
  }
  /** Bytes of all elements, four bits counted as half a byte and rounded up. */
  get byteLength(): number {
    return byteSize(this.#type, this.size);
  }
  /** Elements as numbers (f16 and the like decoded), BigInts for the 64-bit integers, or strings. */
  values(): Elements {
    return decode(this.#type, this.#data, this.size);
  }
  /** From decoded values of any kind of number: rounds to nearest even, cuts fractions off for integers. */
  static from(type: ElementType, shape: ShapeLike, values: Elements | readonly (number | bigint | string)[]): Tensor {
    const n = sizeOf(toShape(shape));
    if (values.length !== n)
      throw wrongCall(`a tensor of ${type} [${Array.from(shape).join(',')}] has ${n} elements, not ${values.length}`);
    return new Tensor(type, shape, encode(type, toElements(type, values), n));
  }
  /** Any numeric type from f32 values, rounded to nearest even. */
  static fromFloat32(type: ElementType, shape: ShapeLike, values: Float32Array): Tensor {
    return Tensor.from(type, shape, values);
  }
  /** Elements as f32. Throws TYPE_MISMATCH for strings. */
  toFloat32(): Float32Array {
    if (this.#type === 'string') throw new CuveeError('TYPE_MISMATCH', 'a tensor of strings has no numbers');
    return this.#data instanceof Float32Array ? this.#data.slice() : Float32Array.from(this.values() as ArrayLike<number>, Number);
  }

  /** From a .npy file's bytes. Throws MODEL_INVALID. */
  static fromNpy(bytes: Uint8Array): Tensor {
    const { type, shape, data } = readNpy(bytes);
    return new Tensor(type, shape, data);
  }
  /** As a .npy file; types that NumPy has no name for as their bits. */
  toNpy(): Uint8Array {
    return writeNpy(this.#type, this.#shape, this.#data);
  }
  /** From a picture's pixels, as a canvas gives them: u8 [1, height, width, 3] unless told otherwise. */
  static fromImageData(picture: Picture, options: PictureOptions = {}): Tensor {
    const { type, shape, data } = fromPixels(picture, options);
    return new Tensor(type, shape, data);
  }
  /** As pixels, for a canvas; the values are 0…255. Throws SHAPE_MISMATCH for what is no picture. */
  toImageData(options: Pick<PictureOptions, 'layout'> = {}): Picture {
    return toPixels(this.#shape, this.values(), options);
  }

  /** `type`, under openvino-node's name. */
  getElementType(): ElementType {
    return this.#type;
  }
  /** A copy of `shape`. */
  getShape(): number[] {
    return [...this.#shape];
  }
  /** `size`, under openvino-node's name. */
  getSize(): number {
    return this.size;
  }
  /** `data`, under openvino-node's name: a view, not a copy. */
  getData(): Storage {
    return this.#data;
  }
  /** True: elements lie one after the other, rows first. */
  isContinuous(): boolean {
    return true;
  }
  /**
   * Another shape. Of as many elements or fewer it keeps the memory; more elements get new, zeroed memory, which a tensor
   * over somebody else's memory refuses. Throws ARGUMENT_INVALID.
   */
  setShape(shape: ShapeLike): void {
    const next = toShape(shape);
    const room = this.#room;
    const stored = this.#type === 'string' ? sizeOf(next) : byteSize(this.#type, sizeOf(next)) / storageClass(this.#type).BYTES_PER_ELEMENT;
    if (stored > room.length) {
      if (!this.#own)
        throw new CuveeError(
          'ARGUMENT_INVALID',
          `Could set new shape: [${next.join(',')}]; the memory that the tensor was made over holds ${room.length} stored elements`,
        );
      this.#data = this.#room = allocate(this.#type, sizeOf(next));
    } else if (stored !== this.#data.length) {
      this.#data = Array.isArray(room) ? room.slice(0, stored) : (room.subarray(0, stored) as Storage);
    }
    this.#shape = next;
  }
  /** Copies the elements into a tensor of the same type, which takes on the shape, or into a typed array of the same kind and length. */
  copyTo(target: Tensor | Storage): void {
    if (target instanceof Tensor) {
      if (target.type !== this.#type)
        throw new CuveeError(
          'TYPE_MISMATCH',
          `Tensor element types are not equal: the source is ${this.#type}, the destination ${target.type}`,
        );
      if (target.shape.join() !== this.#shape.join()) target.setShape(this.#shape);
      target.data = this.#data;
      return;
    }
    const own = this.#data;
    const fits = Array.isArray(own) ? Array.isArray(target) : isTypedArray(target) && kindOf(target) === kindOf(own);
    if (!fits)
      throw wrongCall(
        `Destination must be a TypedArray. A tensor of ${this.#type} takes a ${Array.isArray(own) ? 'list of strings' : kindOf(own)}.`,
      );
    if (target.length !== own.length)
      throw wrongCall(`Destination buffer must have the same length as tensor size: ${own.length}, not ${target.length}`);
    for (let i = 0; i < own.length; i++) target[i] = own[i] as never;
  }
  /** A copy with memory of its own. */
  slice(): Tensor {
    const copy = new Tensor(this.#type, this.#shape);
    copy.data = this.#data;
    return copy;
  }
}
noArguments(Tensor, ['getData', 'getElementType', 'getSize', 'isContinuous']);
printedAs(Tensor, (t) => {
  const shown = Array.from(t.values().slice(0, 6) as ArrayLike<unknown>, (v) => (typeof v === 'string' ? JSON.stringify(v) : String(v)));
  return `Tensor ${t.type} [${t.shape.join(',')}] { ${shown.join(', ')}${t.size > shown.length ? ', …' : ''} }`;
});
noArguments(Tensor, ['getShape'], (name) => `No parameters are allowed for the ${name}() method.`);

/** Whole, non-negative dimensions. Throws ARGUMENT_INVALID. */
export function toShape(shape: unknown): readonly number[] {
  if (ArrayBuffer.isView(shape)) {
    if (!(shape instanceof Int32Array) && !(shape instanceof Uint32Array))
      throw wrongCall('Invalid tensor argument. Passed argument must be an Int32Array or a Uint32Array.');
  } else if (!Array.isArray(shape)) throw wrongCall('Invalid tensor argument. Passed argument must be of type Array or TypedArray.');
  const given = Array.from(shape as ArrayLike<unknown>);
  if (!given.every((d) => typeof d === 'number')) throw wrongCall('Invalid tensor argument. Passed array must contain only numbers.');
  const dims = (given as number[]).map((d) => Math.trunc(d) + 0);
  if (!dims.every((d) => Number.isSafeInteger(d) && d >= 0) || !Number.isSafeInteger(sizeOf(dims)))
    throw wrongCall(`Invalid tensor argument. A shape is a list of whole numbers that are not negative, got [${given.join(',')}].`);
  return dims;
}

function textsOf(texts: readonly unknown[]): string[] {
  if (!texts.every(isText)) throw wrongCall('The array passed to create string tensor must contain only strings.');
  return [...texts];
}

type TypedArray = Exclude<Storage, string[]>;
const isTypedArray = (value: unknown): value is TypedArray => ArrayBuffer.isView(value) && !(value instanceof DataView);
const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
/** Name of the class without the engine: a Buffer is a `Uint8Array`. */
const kindOf = (values: TypedArray): string => values[Symbol.toStringTag];
/** A Float16Array, of the engine or of a package, as its bits. */
const bitsOfHalf = (values: TypedArray): TypedArray =>
  (kindOf(values) as string) === 'Float16Array' ? new Uint16Array(values.buffer, values.byteOffset, values.length) : values;

function over(type: ElementType, shape: readonly number[], data: unknown): Storage {
  const described = `${type} [${shape.join(',')}]`;
  if (type === 'string') {
    if (!Array.isArray(data)) throw wrongCall('Third argument of a tensor must be TypedArray. Strings are given as an array.');
    if (data.length !== sizeOf(shape))
      throw wrongCall(
        `Memory allocated using shape and element::type mismatch passed data's size: ${described} has ${sizeOf(shape)} strings, not ${data.length}`,
      );
    return data.every(isText) ? data : textsOf(data);
  }
  if (!isTypedArray(data)) throw wrongCall('Third argument of a tensor must be TypedArray.');
  const bytes = byteSize(type, sizeOf(shape));
  if (data.byteLength !== bytes)
    throw wrongCall(
      `Memory allocated using shape and element::type mismatch passed data's size: ${described} takes ${bytes} bytes, got ${data.byteLength}`,
    );
  const Class = storageClass(type);
  const aligned = data.byteOffset % Class.BYTES_PER_ELEMENT === 0 ? data : bytesOf(data).slice();
  return new Class(aligned.buffer, aligned.byteOffset, bytes / Class.BYTES_PER_ELEMENT);
}
