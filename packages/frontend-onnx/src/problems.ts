/** Errors of one node. */
import { CuveeError, type ErrorCode } from '@cuvee/core';

/** Codes that a room may throw while its node is built, as what they mean for the file. */
const codes: Partial<Record<ErrorCode, ErrorCode>> = {
  SHAPE_MISMATCH: 'MODEL_INVALID',
  TYPE_MISMATCH: 'MODEL_INVALID',
  ARGUMENT_INVALID: 'MODEL_INVALID',
  NOT_IMPLEMENTED: 'MODEL_UNSUPPORTED',
};

/** An error as one of the file's node `what`. */
export function atNode(what: string, error: unknown, op: string, node: string): CuveeError {
  const wrapped = CuveeError.wrap(what, error, 'INTERNAL');
  const text = wrapped.text;
  return new CuveeError(codes[wrapped.code] ?? wrapped.code, text, { op, node, cause: wrapped.cause });
}
