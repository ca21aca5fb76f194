/** @file One check of the contract: the sentences that it proves, and how. */
import { CuveeError, type Awaitable, type ErrorCode } from '@cuvee/core';
import type { Subject } from './subject.js';

export interface Check {
  /** `requests/reuse`. */
  readonly id: string;
  /** Sentences of the contract, of a doc comment in core or of docs/write-a-plugin.md, word for word. */
  readonly says: readonly string[];
  readonly run: (subject: Subject) => Awaitable<void>;
}
type Part = Omit<Check, 'id'>;

export const check = (says: string | readonly string[], run: Check['run']): Part => ({
  says: typeof says === 'string' ? [says] : says,
  run,
});

/** The checks of an area, named by it. */
export const area = (name: string, parts: Readonly<Record<string, Part>>): readonly Check[] =>
  Object.entries(parts).map(([id, part]) => ({ id: `${name}/${id}`, ...part }));

/** Thrown where a check does not apply to a device: what it is about is optional, and not offered. */
export class NotOffered extends Error {}
export const notOffered = (what: string): never => {
  throw new NotOffered(what);
};

/** Throws what is wrong, unless the condition holds. */
export function must(condition: unknown, wrong: string): asserts condition {
  if (!condition) throw new Error(wrong);
}

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : ArrayBuffer.isView(v) ? Array.from(v as Uint8Array) : v)) ??
  String(value);

/** Equal as JSON; typed arrays as lists. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  must(shown(actual) === shown(expected), `${what}: ${shown(actual).slice(0, 300)}, expected ${shown(expected).slice(0, 300)}`);
}

/** The error of work that must fail, with a code where one is promised. */
export async function fails(work: () => unknown, codes: ErrorCode | readonly ErrorCode[] | undefined, what: string): Promise<CuveeError> {
  let outcome: unknown;
  try {
    outcome = await work();
  } catch (error) {
    must(error instanceof CuveeError, `${what}: it failed with ${String(error)}, which is no CuveeError`);
    const wanted = codes === undefined ? undefined : ([] as ErrorCode[]).concat(codes);
    must(!wanted || wanted.includes(error.code), `${what}: code ${error.code} (${error.message}), expected ${wanted?.join(' or ')}`);
    return error;
  }
  throw new Error(`${what}: it gave ${String(outcome)} instead of ${codes === undefined ? 'an error' : String(codes)}`);
}

/** What a promise rejects with; fails when it resolves. */
export const rejection = (promise: Promise<unknown>, what: string): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error(`${what}: it resolved`);
    },
    (error: unknown) => error,
  );

export const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Processor time of the process, in milliseconds: what other processes do meanwhile does not count. */
export const spent = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
