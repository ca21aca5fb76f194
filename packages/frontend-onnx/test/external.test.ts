import { CuveeError, type ExternalFile } from '@cuvee/core';
import { describe, expect, it } from 'vitest';
import { elementCount, fits } from '../src/checked.js';
import { ExternalFiles, safeLocation } from '../src/external.js';
import { literalOf } from '../src/tensor.js';
import type { StringStringEntryProto, TensorProto } from '../src/proto/index.js';

const entries = (given: Readonly<Record<string, string>>): readonly StringStringEntryProto[] => Object.entries(given).map(([key, value]) => ({ key, value }));
const tensor = (given: Readonly<Record<string, string>>, dims: readonly bigint[] = [4n], dataType = 1): TensorProto =>
  ({ dims, dataType, stringData: [], externalData: entries(given), dataLocation: 1 });
const opened: string[] = [];
const beside = (relative: string): ExternalFile => {
  opened.push(relative);
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
  return { path: `/model/${relative}`, size: bytes.length, read: (offset, length) => bytes.slice(offset, offset + length) };
};
const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CuveeError ? error.code : `not a CuveeError: ${String(error)}`;
  }
  return 'accepted';
};

describe('external data', () => {
  it.each([
    '/etc/passwd', '\\windows', '../secret', 'a/../../b', 'a\\..\\..\\b', '..', '.. ', 'a/.../../b', 'C:\\x', 'c:x', '//host/share', '\\\\host\\share',
    'file:///etc/passwd', 'weights.bin:stream', 'a\u0000b', 'a\nb', '', '.', './', '*/_ORT_MEM_ADDR_/../*', 'x'.repeat(5000),
  ])('refuses the location %j before anything is opened', (location) => {
    opened.length = 0;
    expect(code(() => literalOf(tensor({ location }), new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
    expect(opened).toEqual([]);
  });

  it('hands a plain relative path on, with / between parts', () => {
    expect(safeLocation('./data//weights.bin', 'w')).toBe('data/weights.bin');
    expect(safeLocation('data\\w.bin', 'w')).toBe('data/w.bin');
    expect(safeLocation('..weights', 'w')).toBe('..weights');
  });

  it('reads the range when asked for, and opens a file once', () => {
    opened.length = 0;
    const files = new ExternalFiles(beside);
    const literal = literalOf(tensor({ location: 'w.bin', offset: '16', length: '16' }), files, 'w');
    expect(literal.source).toMatchObject({ kind: 'file', path: '/model/w.bin', offset: 16, length: 16 });
    expect(new Uint8Array(literal.bytes)[0]).toBe(16);
    literalOf(tensor({ location: './w.bin' }), files, 'v');
    expect(opened).toEqual(['w.bin']);
  });

  it.each([
    [{ offset: '64' }], [{ offset: '49' }], [{ offset: '4294967296' }], [{ offset: '9007199254740991' }], [{ offset: '18446744073709551600' }], [{ offset: '-1' }],
    [{ offset: '0x10' }], [{ offset: '1e3' }], [{ offset: ' 1' }], [{ length: '15' }], [{ length: '17' }], [{ length: '-16' }], [{ length: 'NaN' }], [{ offset: '9223372036854775807', length: '16' }],
  ])('refuses the range %j', (range) => {
    expect(code(() => literalOf(tensor({ location: 'w.bin', ...range }), new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
  });

  it('refuses keys given twice, a shape larger than the file, and a model without a folder', () => {
    const twice: TensorProto = { ...tensor({ location: 'w.bin' }), externalData: [...entries({ location: 'w.bin' }), ...entries({ location: 'v.bin' })] };
    expect(code(() => literalOf(twice, new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
    expect(code(() => literalOf(tensor({ location: 'w.bin' }, [17n]), new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
    expect(code(() => literalOf(tensor({ location: 'w.bin' }, [2n ** 32n, 2n ** 32n]), new ExternalFiles(beside), 'w'))).toBe('MODEL_INVALID');
    expect(code(() => literalOf(tensor({ location: 'w.bin' }), new ExternalFiles(undefined), 'w'))).toBe('MODEL_INVALID');
  });
});

describe('checked sizes', () => {
  it('counts elements without wrapping', () => {
    expect(elementCount([2, 3n])).toBe(6);
    expect(elementCount([])).toBe(1);
    expect(elementCount([0, 2n ** 40n])).toBe(0);
    for (const dims of [[-1n], [2n ** 32n, 2n ** 32n], [2n ** 63n - 1n], [2n ** 53n], [3, -4]]) expect(elementCount(dims)).toBeUndefined();
  });

  it('knows when a range lies inside', () => {
    expect(fits(0, 0, 0)).toBe(true);
    expect(fits(3, 5, 8)).toBe(true);
    for (const [offset, length, size] of [[4, 5, 8], [-1, 1, 8], [0, -1, 8], [9, 0, 8], [2 ** 53, 1, 8], [1, Number.MAX_SAFE_INTEGER, 8], [0.5, 1, 8], [Number.NaN, 1, 8]] as const) expect(fits(offset, length, size)).toBe(false);
  });
});
