/** Files beside a model: what is read is the file that was checked, whatever happens to its path in between. */
import { linkSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besideModel, CuveeError, type ExternalFile } from '@cuvee/core';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
let weights: ExternalFile;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cuvee-beside-'));
  writeFileSync(at('weights.bin'), Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]));
  writeFileSync(at('secret'), 'secrets!');
  weights = besideModel(at('model.onnx'))('weights.bin');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const code = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof CuveeError ? error.code : String(error);
  }
};

test('a range is read as it lies in the file', () => {
  expect(weights.size).toBe(8);
  expect([...weights.read(2, 3)]).toEqual([2, 3, 4]);
  expect(code(() => weights.read(6, 3))).toBe('MODEL_INVALID');
});

test('another file under the same name is refused', () => {
  rmSync(at('weights.bin'));
  linkSync(at('secret'), at('weights.bin'));
  expect(code(() => weights.read(0, 8))).toBe('MODEL_INVALID');
});

test('a link that took its place is not followed', ({ skip }) => {
  skip(process.platform === 'win32', 'links need a privilege on Windows');
  rmSync(at('weights.bin'));
  symlinkSync(at('secret'), at('weights.bin'));
  expect(code(() => weights.read(0, 8))).toBe('FILE_NOT_FOUND');
});

test('a second name given to it later is seen', () => {
  linkSync(at('weights.bin'), at('twin'));
  expect(code(() => weights.read(0, 8))).toBe('MODEL_INVALID');
});

test('a file that became shorter is refused', () => {
  writeFileSync(at('weights.bin'), 'ab');
  expect(code(() => weights.read(0, 8))).toBe('MODEL_INVALID');
});

test('a file that is gone is missing', () => {
  rmSync(at('weights.bin'));
  expect(code(() => weights.read(0, 8))).toBe('FILE_NOT_FOUND');
});
