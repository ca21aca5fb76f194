import { CuveeError } from '../errors.js';
import { text } from './attributes.js';
import { boolean, op, port, string } from './op.js';

/** A pattern that has to match the whole of a string. Throws ARGUMENT_INVALID for one that is none. */
function expression(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'us');
  } catch (cause) {
    throw new CuveeError('ARGUMENT_INVALID', `"${pattern}" is no regular expression that this engine knows`, { cause });
  }
}

/**
 * Whether each string as a whole matches a regular expression. Written for RE2's syntax; the part that JavaScript shares with it is known.
 * Spec: ONNX RegexFullMatch-20.
 */
export const RegexFullMatch = op('RegexFullMatch', {
  domain: 'cuvee',
  attributes: { pattern: text() },
  inputs: [port('data', string)],
  outputs: [port('output', boolean)],

  infer: ({ data }) => ({ type: 'boolean', shape: data.shape }),

  evaluate({ data }, { pattern }) {
    const matches = expression(pattern);
    return { type: 'boolean', shape: data.shape, data: Uint8Array.from(data.data as readonly string[], (s) => (matches.test(s) ? 1 : 0)) };
  },
});
