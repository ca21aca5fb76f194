/** @file What methods that programs written for openvino-node call say of wrong arguments. */
import { CuveeError } from './errors.js';

const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  return value.constructor?.name ?? 'object';
};

/**
 * ARGUMENT_INVALID in openvino-node's pattern: the method, what is wrong, the kinds of the arguments given, the signatures there are.
 * `allowed` are parameter lists, `(algorithm: string, height: number, width: number)`.
 */
export function wrongArguments(method: string, given: readonly unknown[], allowed: readonly string[], what = ''): CuveeError {
  return new CuveeError(
    'ARGUMENT_INVALID',
    [
      `'${method}' method called with incorrect parameters.${what && ` ${what}`}`,
      `Provided signature: (${given.map(kindOf).join(', ')})`,
      'Allowed signatures:',
      ...allowed.map((a) => `- ${a}`),
    ].join('\n'),
    { plain: true },
  );
}

/** Throws ARGUMENT_INVALID when anything was given. */
export function noArguments(method: string, given: readonly unknown[]): void {
  if (given.length > 0) throw wrongArguments(method, given, ['()'], 'Function does not take any parameters.');
}

/** Throws ARGUMENT_INVALID unless one of the counts of arguments was given. */
export function countArguments(method: string, given: readonly unknown[], counts: readonly number[], allowed: readonly string[]): void {
  if (!counts.includes(given.length)) throw wrongArguments(method, given, allowed, 'Wrong number of parameters.');
}
