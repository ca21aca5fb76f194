import { binary } from './elementwise.js';
import { integerOrBoolean } from './op.js';

/** a or b, bit by bit, with broadcasting; on booleans the logical operation. Spec: OpenVINO BitwiseOr-13. */
export const BitwiseOr = binary('BitwiseOr', { number: (a, b) => a | b, bigint: (a, b) => a | b }, { types: integerOrBoolean, since: 13 });
