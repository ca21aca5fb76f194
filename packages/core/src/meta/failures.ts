/** @file What an error of an inner device means to those who could ask another device. */
import { CuveeError, type ErrorCode } from '../errors.js';

/**
 * `mistake`: the caller's, and no other device will do better. `refusal`: the device says that this is not for it. `trouble`: it should
 * have worked; others are asked, and it is told of.
 */
export type Failure = 'mistake' | 'refusal' | 'trouble';

const mistakes: readonly ErrorCode[] = [
  'MODEL_INVALID',
  'SHAPE_MISMATCH',
  'TYPE_MISMATCH',
  'ARGUMENT_INVALID',
  'PROPERTY_UNKNOWN',
  'PROPERTY_INVALID',
  'CANCELLED',
];
const refusals: readonly ErrorCode[] = ['MODEL_UNSUPPORTED', 'NOT_IMPLEMENTED'];
/** Trouble that may be over some time later. */
const passing: readonly ErrorCode[] = ['DEVICE_LOST', 'DEVICE_NOT_FOUND', 'BUSY'];

const codeOf = (error: unknown): ErrorCode => (error instanceof CuveeError ? error.code : 'INTERNAL');

/** What a failed compilation means. */
export function judged(error: unknown): Failure {
  const code = codeOf(error);
  return mistakes.includes(code) ? 'mistake' : refusals.includes(code) ? 'refusal' : 'trouble';
}
/** Whether the device may be tried again later. */
export const mayPass = (error: unknown): boolean => passing.includes(codeOf(error));

/** DEVICE_LOST: the one code for which an inference is repeated elsewhere. */
export const isLoss = (error: unknown): boolean => codeOf(error) === 'DEVICE_LOST';

/** An error's message without its code. */
export const textOf = (error: unknown): string =>
  error instanceof CuveeError ? error.text : error instanceof Error ? error.message : String(error);

/** A device and what it failed with. */
interface Failed {
  readonly device: string;
  readonly error: unknown;
}
/** One error for the failures of several devices: op and node are those of the first that names some. */
export function together(what: string, failed: readonly Failed[], code: ErrorCode): CuveeError {
  const texts = failed.map(({ device, error }) => `${device}: ${textOf(error)}`);
  const naming = failed.map(({ error }) => error).find((error) => error instanceof CuveeError && error.node !== undefined);
  const { op, node } = (naming ?? {}) as Pick<CuveeError, 'op' | 'node'>;
  return new CuveeError(code, `${what}: ${texts.join('; ')}`, { op, node, cause: failed[0]?.error });
}
/** The code in which failures agree, else MODEL_UNSUPPORTED. */
export function agreed(failed: readonly Failed[]): ErrorCode {
  const codes = [...new Set(failed.map(({ error }) => codeOf(error)))];
  return codes.length === 1 ? (codes[0] as ErrorCode) : 'MODEL_UNSUPPORTED';
}
