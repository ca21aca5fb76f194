import { unary } from './elementwise.js';

/** The largest whole number not above x. Integers stay as they are. Spec: OpenVINO Floor-1. */
export const Floor = unary('Floor', { number: (x) => Math.floor(x), bigint: (x) => x, symbolic: (x) => x });
