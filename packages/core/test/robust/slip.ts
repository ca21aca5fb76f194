/** What a piece of work failed with: the code, or `slip` for a JavaScript error of our own code, however well wrapped. */
import { CuveeError } from '@cuvee/core';

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** A TypeError, RangeError or the like at the bottom of an error, or an error of an inner inconsistency. File-system errors are none. */
function slipIn(error: unknown): Error | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof CuveeError ? e.code === 'INTERNAL' : (e as { syscall?: string }).syscall === undefined) return e;
  }
  return undefined;
}

export async function failureOf(work: () => unknown): Promise<Failure> {
  try {
    await work();
  } catch (error) {
    const slip = slipIn(error);
    if (slip) return { code: 'slip', message: `${(error as Error).message}\n${slip.stack}` };
    return error instanceof CuveeError ? { code: error.code, message: error.message } : { code: 'foreign', message: String(error) };
  }
  return { code: 'none', message: '' };
}
