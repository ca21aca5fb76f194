import { CuveeError } from '@cuvee/core';

/** A TypeError, RangeError or the like at the bottom of an error: a slip of ours that an outer message hides. */
export function programmingError(error: unknown): Error | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (!(e instanceof CuveeError) || e.code === 'INTERNAL') return e;
    if (e.code === 'OUT_OF_MEMORY') return undefined; // its cause is the engine's own RangeError
  }
  return undefined;
}
