import { binary } from './elementwise.js';
import { integerOrBoolean } from './op.js';

/** a and b, bit by bit, with broadcasting; on booleans the logical operation. Spec: OpenVINO BitwiseAnd-13. */
export const BitwiseAnd = binary(
  'BitwiseAnd',
  { number: (a, b) => a & b, bigint: (a, b) => a & b },
  { types: integerOrBoolean, since: 13 },
);
