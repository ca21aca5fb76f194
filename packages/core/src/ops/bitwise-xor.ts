import { binary } from './elementwise.js';
import { integerOrBoolean } from './op.js';

/** a exclusive-or b, bit by bit, with broadcasting; on booleans the logical operation. Spec: OpenVINO BitwiseXor-13. */
export const BitwiseXor = binary(
  'BitwiseXor',
  { number: (a, b) => a ^ b, bigint: (a, b) => a ^ b },
  { types: integerOrBoolean, since: 13 },
);
