/** Class Tensor, row by row of the API table. */
import { deepStrictEqual } from 'node:assert';
import { describe, expect, it } from 'vitest';
import type { ElementType, Storage } from '@cuvee/core';
import { codeOf, ov, picture, thrown } from './models.js';

const shape = [1, 3, 8, 8];
const count = 192;
const data = picture(count);
const make = (...given: unknown[]) => new (ov.Tensor as unknown as new (...a: unknown[]) => InstanceType<typeof ov.Tensor>)(...given);
const call = (object: object, method: string, ...given: unknown[]) =>
  ((object as Record<string, (...a: unknown[]) => unknown>)[method] as (...a: unknown[]) => unknown).apply(object, given);

const numbers = (Class: { from(a: { length: number }, f: (v: unknown, i: number) => number): Storage }) => () =>
  Class.from({ length: count }, (_, i) => i % 100);
const types: readonly (readonly [ElementType, () => Storage])[] = [
  ['i8', numbers(Int8Array)],
  ['u8', numbers(Uint8Array)],
  ['i16', numbers(Int16Array)],
  ['u16', numbers(Uint16Array)],
  ['i32', numbers(Int32Array)],
  ['u32', numbers(Uint32Array)],
  ['f32', numbers(Float32Array)],
  ['f64', numbers(Float64Array)],
  ['i64', () => BigInt64Array.from({ length: count }, (_, i) => BigInt(i - 50))],
  ['u64', () => BigUint64Array.from({ length: count }, (_, i) => BigInt(i))],
  ['boolean', () => Uint8Array.from({ length: count }, (_, i) => i % 2)],
  ['f16', numbers(Uint16Array)],
  ['bf16', numbers(Uint16Array)],
  ['f8e4m3', numbers(Uint8Array)],
  ['f8e5m2', numbers(Uint8Array)],
  ['u4', () => Uint8Array.from({ length: count / 2 }, (_, i) => i)],
  ['i4', () => Uint8Array.from({ length: count / 2 }, (_, i) => i)],
  ['nf4', () => Uint8Array.from({ length: count / 2 }, (_, i) => i)],
  ['u1', () => Uint8Array.from({ length: count / 8 }, (_, i) => i)],
];

describe('element types', () => {
  it.each(types)('%s: made, read, written, copied', (type, values) => {
    expect(ov.element[type]).toBe(type);
    const tensor = new ov.Tensor(ov.element[type], shape, values());
    expect(tensor.getElementType()).toBe(type);
    deepStrictEqual(tensor.data, values());
    deepStrictEqual(tensor.getData(), values());
    const other = new ov.Tensor(type, shape);
    expect(other.data.length).toBe(values().length);
    other.data = values();
    deepStrictEqual(other.data, values());
    const copy = tensor.slice();
    deepStrictEqual(copy.data, values());
    expect((copy.data as Uint8Array).buffer).not.toBe((tensor.data as Uint8Array).buffer);
    if (type !== 'boolean') deepStrictEqual(ov.Tensor.from(type, shape, tensor.values()).values().length, count);
  });
  it('are named by lower-case texts', () => {
    const wanted = 'u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 string f16 bf16 u4 i4 u1 nf4 f8e4m3 f8e5m2 boolean'.split(' ');
    for (const name of wanted) expect(ov.element[name as ElementType]).toBe(name);
  });
  it('f16: numbers go in and come out, bits of a Float16Array as well', () => {
    const tensor = ov.Tensor.fromFloat32('f16', [3], Float32Array.of(1, -2.5, 65504));
    deepStrictEqual(tensor.data, Uint16Array.of(0x3c00, 0xc100, 0x7bff));
    deepStrictEqual(tensor.toFloat32(), Float32Array.of(1, -2.5, 65504));
    const bits = Object.defineProperty(Uint16Array.of(0x3c00, 0, 0x7bff), Symbol.toStringTag, { value: 'Float16Array' });
    const over = new ov.Tensor('f16', [3], bits);
    deepStrictEqual([...over.toFloat32()], [1, 0, 65504]);
    tensor.data = bits;
    deepStrictEqual([...tensor.toFloat32()], [1, 0, 65504]);
    deepStrictEqual(ov.Tensor.fromFloat32('i64', [2], Float32Array.of(2, -3)).data, BigInt64Array.of(2n, -3n));
  });
  it('strings: from a list, and by shape', () => {
    const texts = ['text', 'more text', 'even more text'];
    const tensor = new ov.Tensor(texts);
    deepStrictEqual([tensor.data, tensor.getShape(), tensor.getElementType()], [texts, [3], 'string']);
    const letters = new ov.Tensor(ov.element.string, [1, 1, 1, 5]);
    letters.data = ['H', 'e', 'l', 'l', 'o'];
    deepStrictEqual(letters.data, ['H', 'e', 'l', 'l', 'o']);
    expect(thrown(() => make(['text', true])).message).toBe('The array passed to create string tensor must contain only strings.');
    expect(thrown(() => (letters.data = ['a'])).message).toContain('Passed array must have the same size as the Tensor!');
    expect(thrown(() => make('string', [2], [1, 2])).message).toContain('only strings');
  });
});

describe('constructor', () => {
  it.each([
    ['four arguments', ['f32', shape, data, []], 'Invalid number of arguments for Tensor constructor.'],
    ['none', [], 'Invalid number of arguments for Tensor constructor.'],
    ['an ArrayBuffer', ['f32', shape, new ArrayBuffer(768)], 'Third argument of a tensor must be TypedArray.'],
    ['an array of numbers', ['f32', [4], [1, 2, 3, 4]], 'Third argument of a tensor must be TypedArray.'],
    ['a DataView', ['u8', [4], new DataView(new ArrayBuffer(4))], 'Third argument of a tensor must be TypedArray.'],
    ['data of another size', ['f32', shape, new Float32Array(2 * count)], 'Memory allocated using shape and element::type mismatch'],
    ['an unknown type', ['f33', shape], 'Cannot create ov::element::Type'],
    ['a number as type', [5, shape], 'Cannot create ov::element::Type'],
    ['no shape', ['f32'], 'Passed argument must be of type Array or TypedArray.'],
    ['numeric texts in the shape', ['f32', ['1', 3, 8, 8], data], 'Passed array must contain only numbers'],
    ['a Float32Array as shape', ['f32', Float32Array.from(shape), data], 'Passed argument must be an Int32Array or a Uint32Array.'],
    ['an ArrayBuffer as shape', ['f32', Int32Array.from(shape).buffer, data], 'Passed argument must be of type Array or TypedArray.'],
    ['a negative size', ['f32', [-1, 3]], 'not negative'],
    ['NaN as size', ['f32', [Number.NaN]], 'whole numbers'],
  ])('%s throws', (_what, given, text) => {
    const error = thrown(() => make(...given));
    expect(error.message).toContain(text);
    expect([error.name, error.code]).toEqual(['Error', 'ARGUMENT_INVALID']);
  });
  it.each([
    ['an array', shape],
    ['fractions, which are cut off', [1, 3.0, 8.8, 8.4]],
    ['an Int32Array', Int32Array.from(shape)],
    ['a Uint32Array', Uint32Array.from(shape)],
  ])('takes as shape %s', (_what, given) => {
    deepStrictEqual(new ov.Tensor('f32', given, data).getShape(), shape);
  });
  it('without data: zeros', () => {
    deepStrictEqual(new ov.Tensor('f32', [2]).data, Float32Array.of(0, 0));
    expect(new ov.Tensor('f32', []).getSize()).toBe(1);
    expect(new ov.Tensor('f32', [0, 3]).getSize()).toBe(0);
  });
  it('shares memory with the array, both ways', () => {
    const mine = Float32Array.of(1, 2);
    const tensor = new ov.Tensor('f32', [2], mine);
    mine[0] = 7;
    expect((tensor.data as Float32Array)[0]).toBe(7);
    (tensor.data as Float32Array)[1] = 8;
    expect(mine[1]).toBe(8);
    tensor.data = Float32Array.of(3, 4);
    deepStrictEqual(mine, Float32Array.of(3, 4));
  });
  it('reads a view with an offset in place, and one of shared memory; an odd offset it copies', () => {
    const bytes = new Uint8Array(24);
    const tensor = new ov.Tensor('f32', [2], new Float32Array(bytes.buffer, 8, 2));
    expect([(tensor.data as Float32Array).buffer === bytes.buffer, (tensor.data as Float32Array).byteOffset]).toEqual([true, 8]);
    const shared = new ov.Tensor('f32', [2], new Float32Array(new SharedArrayBuffer(8)));
    expect((shared.data as Float32Array).buffer).toBeInstanceOf(SharedArrayBuffer);
    bytes.set(new Uint8Array(Float32Array.of(1.5).buffer), 1);
    deepStrictEqual(new ov.Tensor('f32', [1], bytes.subarray(1, 5)).data, Float32Array.of(1.5));
  });
});

describe('data setter', () => {
  it.each([
    ['of another element type', 'f32', [1, 3], Float64Array.of(1, 2, 3), 'Passed array must have the same size as the Tensor!'],
    ['of another length', 'f64', [1, 2], Float64Array.of(1, 2, 3), 'Passed array must have the same size as the Tensor!'],
    ['that is a text', 'f64', [1, 2], 'test', 'Passed argument must be TypedArray, or Array'],
    ['of as many bytes of another kind', 'f32', [2], Int32Array.of(1, 2), 'stored as Float32Array'],
    ['that is a list', 'f32', [2], [1, 2], 'Passed argument must be TypedArray, or Array'],
  ])('a value %s throws', (_what, type, dims, value, text) => {
    const tensor = make(type, dims);
    expect(thrown(() => (tensor.data = value as Storage)).message).toContain(text);
  });
});

describe('getters', () => {
  const tensor = new ov.Tensor('f32', shape, data);
  it('getSize, getShape, isContinuous', () => {
    deepStrictEqual([tensor.getSize(), tensor.getShape(), tensor.isContinuous(), tensor.byteLength], [count, shape, true, 4 * count]);
    for (const dims of [[3, 224, 224], [1], [10]]) expect(new ov.Tensor('u8', dims).getSize()).toBe(dims.reduce((a, b) => a * b));
  });
  it.each([
    ['getData', 'getData() does not accept any arguments.'],
    ['getSize', 'getSize() does not accept any arguments.'],
    ['isContinuous', 'isContinuous() does not accept any arguments.'],
    ['getElementType', 'getElementType() does not accept any arguments.'],
    ['getShape', 'No parameters are allowed for the getShape() method.'],
  ])('%s throws for arguments', (method, text) => {
    expect(thrown(() => call(tensor, method, 1)).message).toBe(text);
  });
});

describe('setShape', () => {
  it('keeps the elements of as many or fewer, makes room for more', () => {
    const tensor = new ov.Tensor('f32', [2, 3]);
    tensor.data = Float32Array.of(0, 1, 2, 3, 4, 5);
    tensor.setShape([3, 2]);
    deepStrictEqual(tensor.data, Float32Array.of(0, 1, 2, 3, 4, 5));
    tensor.setShape(Int32Array.of(2, 2));
    deepStrictEqual([tensor.getShape(), tensor.data], [[2, 2], Float32Array.of(0, 1, 2, 3)]);
    tensor.setShape([6]);
    deepStrictEqual(tensor.data, Float32Array.of(0, 1, 2, 3, 4, 5));
    tensor.setShape([1, 3, 224, 224]);
    deepStrictEqual([tensor.getShape(), tensor.data.length], [[1, 3, 224, 224], 150528]);
  });
  it('never grows over memory of somebody else', () => {
    const tensor = new ov.Tensor('f32', [4], Float32Array.of(1, 2, 3, 4));
    tensor.setShape([2]);
    tensor.setShape([2, 2]);
    deepStrictEqual(tensor.data, Float32Array.of(1, 2, 3, 4));
    expect(thrown(() => tensor.setShape([5])).message).toContain('Could set new shape: [5]');
    expect(codeOf(() => tensor.setShape(['1'] as never))).toBe('ARGUMENT_INVALID');
  });
});

describe('copyTo', () => {
  const tensor = new ov.Tensor('f32', [2], Float32Array.of(1.5, 2.5));
  it('a typed array and a tensor', () => {
    const array = new Float32Array(2);
    tensor.copyTo(array);
    deepStrictEqual(array, Float32Array.of(1.5, 2.5));
    const other = new ov.Tensor('f32', [1]);
    tensor.copyTo(other);
    deepStrictEqual([other.getShape(), other.data], [[2], Float32Array.of(1.5, 2.5)]);
  });
  it.each([
    ['another length', () => new Float32Array(3), 'Destination buffer must have the same length as tensor size'],
    ['a list', () => [1.5, 2.5], 'Destination must be a TypedArray.'],
    ['another kind', () => new Int32Array(2), 'Destination must be a TypedArray.'],
    ['a tensor of another type', () => new ov.Tensor('i32', [2]), 'Tensor element types are not equal'],
    ['nothing', () => undefined, 'Destination must be a TypedArray.'],
  ])('%s throws', (_what, target, text) => {
    expect(thrown(() => tensor.copyTo(target() as never)).message).toContain(text);
  });
});
