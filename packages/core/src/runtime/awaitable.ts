/** @file One implementation for the synchronous and the asynchronous API. */
import { CuveeError } from '../errors.js';
import type { Awaitable } from '../device/contract.js';

export const isPromise = <T>(value: Awaitable<T>): value is Promise<T> => typeof (value as Promise<T>)?.then === 'function';

/** `fn` of the value, now when it is there, later when it is promised. */
export const after = <T, U>(value: Awaitable<T>, fn: (value: T) => Awaitable<U>): Awaitable<U> =>
  isPromise(value) ? value.then(fn) : fn(value);

/** `done` of what `work` gives, or `failed` of what it throws or rejects with. */
export function attempt<T, U>(
  work: () => Awaitable<T>,
  done: (value: T) => Awaitable<U>,
  failed: (error: unknown) => Awaitable<U>,
): Awaitable<U> {
  let value: Awaitable<T>;
  try {
    value = work();
  } catch (error) {
    return failed(error);
  }
  return isPromise(value) ? value.then(done, failed) : done(value);
}

/** All values: an array now when all are there. */
export const all = <T>(values: readonly Awaitable<T>[]): Awaitable<T[]> => (values.some(isPromise) ? Promise.all(values) : (values as T[]));

/** The value, which must be there. Throws SYNC_UNAVAILABLE when it is promised; `leftover` is told of what comes then after all. */
export function now<T>(doing: string, value: Awaitable<T>, leftover: (value: T) => void = () => undefined): T {
  if (!isPromise(value)) return value;
  value.then(leftover, () => undefined);
  throw new CuveeError('SYNC_UNAVAILABLE', `${doing}: the device answers asynchronously; use the method without "Sync"`);
}
