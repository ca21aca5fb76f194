import { byteSize, CuveeError, type ElementType } from '@cuvee/core';
import { describe, expect, it } from 'vitest';
import { ExternalFiles } from '../src/external.js';
import type { SparseTensorProto, TensorProto } from '../src/proto/index.js';
import { denseOf, literalOf } from '../src/tensor.js';
import { codeOf, elementTypeOf, tensorTypeOf } from '../src/types.js';

const files = new ExternalFiles(undefined);
const tensor = (dataType: number, dims: readonly number[], data: Partial<TensorProto>): TensorProto => ({
  dataType,
  dims: dims.map(BigInt),
  stringData: [],
  externalData: [],
  ...data,
});
const read = (t: TensorProto): unknown => Array.from(literalOf(t, files, 'w').nd().data as ArrayLike<unknown>);
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CuveeError ? `${error.code} ${error.message}` : `not a CuveeError: ${String(error)}`;
  }
  return 'accepted';
};

describe('tensors of a file', () => {
  it('reads every way of storing numbers', () => {
    expect(read(tensor(1, [2], { rawData: new Uint8Array(Float32Array.of(1.5, -2).buffer) }))).toEqual([1.5, -2]);
    expect(read(tensor(1, [2], { floatData: new Uint8Array(Float32Array.of(1.5, -2).buffer) }))).toEqual([1.5, -2]);
    expect(read(tensor(3, [3], { int32Data: Int32Array.of(-128, 0, 127) }))).toEqual([-128, 0, 127]);
    expect(read(tensor(2, [2], { int32Data: Int32Array.of(0, 255) }))).toEqual([0, 255]);
    expect(read(tensor(9, [2], { int32Data: Int32Array.of(1, 0) }))).toEqual([1, 0]);
    expect(read(tensor(10, [2], { int32Data: Int32Array.of(0x3c00, 0xc000) }))).toEqual([1, -2]);
    expect(read(tensor(16, [2], { int32Data: Int32Array.of(0x3f80, 0xc000) }))).toEqual([1, -2]);
    expect(read(tensor(17, [2], { int32Data: Int32Array.of(0x38, 0xb8) }))).toEqual([1, -1]);
    expect(read(tensor(22, [3], { int32Data: Int32Array.of(0xf1, 0x07) }))).toEqual([1, -1, 7]);
    expect(read(tensor(21, [3], { rawData: Uint8Array.of(0xf1, 0x07) }))).toEqual([1, 15, 7]);
    expect(read(tensor(12, [1], { uint64Data: BigUint64Array.of(4294967295n) }))).toEqual([4294967295]);
    expect(read(tensor(7, [1], { int64Data: BigInt64Array.of(-5n) }))).toEqual([-5n]);
    expect(read(tensor(8, [2], { stringData: ['a', 'é'].map((t) => new TextEncoder().encode(t)) }))).toEqual(['a', 'é']);
    expect(read(tensor(1, [0, 3], {}))).toEqual([]);
  });

  it('keeps raw data where it is', () => {
    const rawData = new Uint8Array(Float32Array.of(1, 2).buffer);
    expect(literalOf(tensor(1, [2], { rawData }), files, 'w').source).toMatchObject({ kind: 'bytes', bytes: rawData });
  });

  it('wants exactly as much data as type and shape need, for every type', () => {
    const types = Array.from({ length: 27 }, (_, code) => code).filter((code) => ![0, 8, 14, 15, 18, 20].includes(code));
    for (const code of types) {
      const need = byteSize(elementTypeOf(code, 'w'), 5);
      expect(refusal(() => literalOf(tensor(code, [5], { rawData: new Uint8Array(need) }), files, 'w'))).toBe('accepted');
      for (const length of [need - 1, need + 1])
        expect(refusal(() => literalOf(tensor(code, [5], { rawData: new Uint8Array(length) }), files, 'w'))).toMatch(
          /^MODEL_INVALID .*needs \d+ bytes, its data has/,
        );
    }
  });

  it.each<readonly [string, TensorProto, RegExp]>([
    ['two places', tensor(1, [1], { rawData: new Uint8Array(4), floatData: new Uint8Array(4) }), /in several places: rawData, floatData/],
    [
      'data and a file',
      tensor(1, [1], { rawData: new Uint8Array(4), dataLocation: 1, externalData: [{ key: 'location', value: 'x' }] }),
      /in several places/,
    ],
    ['location without entries', tensor(1, [1], { dataLocation: 1 }), /data_location 1/],
    ['unknown location', tensor(1, [1], { dataLocation: 7, rawData: new Uint8Array(4) }), /data_location 7/],
    ['no data', tensor(1, [2], {}), /needs 8 bytes, its data has 0/],
    ['wrong field', tensor(1, [1], { int32Data: Int32Array.of(1) }), /type f32 has its data in int32Data/],
    ['negative size', tensor(1, [-1], {}), /has dimensions \[-1\]/],
    ['overflow', tensor(1, [2 ** 40, 2 ** 40], {}), /has dimensions/],
    ['too many axes', tensor(1, new Array<number>(65).fill(1), { rawData: new Uint8Array(4) }), /has dimensions/],
    ['out of range', tensor(3, [1], { int32Data: Int32Array.of(200) }), /200 does not fit i8/],
    ['too many numbers', tensor(6, [1], { int32Data: Int32Array.of(1, 2) }), /has 2 numbers/],
    ['not UTF-8', tensor(8, [1], { stringData: [Uint8Array.of(0xff)] }), /not valid UTF-8/],
    ['strings missing', tensor(8, [2], { stringData: [new Uint8Array()] }), /has 1 strings/],
    ['undefined type', tensor(0, [1], {}), /element type 0, which ONNX does not define/],
    ['unknown type', tensor(29, [1], {}), /element type 29/],
    ['negative type', tensor(-1, [1], {}), /element type -1/],
  ])('refuses %s', (_, t, message) => {
    const text = refusal(() => literalOf(t, files, 'w'));
    expect(text).toMatch(/^MODEL_INVALID/);
    expect(text).toMatch(message);
  });

  it('says which types it lacks', () => {
    for (const code of [14, 15, 27, 28]) expect(refusal(() => elementTypeOf(code, 'w'))).toMatch(/^MODEL_UNSUPPORTED/);
    const known: readonly ElementType[] = ['f32', 'u8', 'i4', 'f8e4m3'];
    for (const type of known) expect(elementTypeOf(codeOf(type), 'w')).toBe(type);
  });
});

describe('sparse tensors', () => {
  const sparse = (indices: readonly bigint[], dims: readonly number[], shape: readonly number[] = [indices.length]): SparseTensorProto => ({
    dims: dims.map(BigInt),
    values: tensor(1, [2], { rawData: new Uint8Array(Float32Array.of(5, 7).buffer) }),
    indices: tensor(7, shape, { int64Data: BigInt64Array.from(indices) }),
  });
  it('become dense, from linear indices or coordinates', () => {
    expect(Array.from(denseOf(sparse([1n, 5n], [2, 3]), files, 'w').nd().data as Float32Array)).toEqual([0, 5, 0, 0, 0, 7]);
    expect(Array.from(denseOf(sparse([0n, 1n, 1n, 2n], [2, 3], [2, 2]), files, 'w').nd().data as Float32Array)).toEqual([0, 5, 0, 0, 0, 7]);
  });
  it.each([
    [
      [1n, 6n],
      [2, 3],
    ],
    [
      [-1n, 2n],
      [2, 3],
    ],
    [[1n], [2, 3]],
    [
      [1n, 2n ** 62n],
      [2, 3],
    ],
  ] as const)('refuse indices %s', (indices, dims) => {
    expect(refusal(() => denseOf(sparse(indices, dims), files, 'w'))).toMatch(/^MODEL_INVALID/);
  });
  it('do not grow beyond the budget', () => {
    expect(refusal(() => denseOf(sparse([1n, 2n], [2 ** 20, 2 ** 20]), files, 'w'))).toMatch(
      /^MODEL_UNSUPPORTED .*would take 4398046511104 bytes/,
    );
  });
});

describe('types of inputs', () => {
  it('as text, open dimensions as ?', () => {
    const dim = [{ dimValue: 3n }, { dimParam: 'n' }, {}, { dimValue: -1n }];
    expect(tensorTypeOf({ tensorType: { elemType: 1, shape: { dim } } }, 'x')).toEqual({ type: 'f32', shape: '[3,?,?,?]' });
    expect(tensorTypeOf({ tensorType: { elemType: 7 } }, 'x')).toEqual({ type: 'i64', shape: '...' });
  });
  it('refuse none, several, and what is no tensor', () => {
    expect(refusal(() => tensorTypeOf(undefined, 'x'))).toMatch(/^MODEL_INVALID .*no type/);
    expect(refusal(() => tensorTypeOf({ tensorType: { elemType: 1 }, sequenceType: {} }, 'x'))).toMatch(/^MODEL_INVALID .*several types/);
    expect(refusal(() => tensorTypeOf({ sequenceType: {} }, 'x'))).toMatch(/^MODEL_UNSUPPORTED .*sequence/);
    expect(refusal(() => tensorTypeOf({ tensorType: { elemType: 1, shape: { dim: [{ dimValue: 1n, dimParam: 'n' }] } } }, 'x'))).toMatch(
      /^MODEL_INVALID/,
    );
  });
});
