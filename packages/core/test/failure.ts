/** What a call throws, for tests that look closer than `toThrow` does. */
import { expect } from 'vitest';
import type { CuveeError } from '@cuvee/core';

/** The error of work that must throw. */
export function failure(work: () => unknown): CuveeError {
  try {
    work();
  } catch (error) {
    return error as CuveeError;
  }
  return expect.fail('nothing was thrown');
}
