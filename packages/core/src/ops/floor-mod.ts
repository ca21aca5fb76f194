import { binaryElements } from '../shape/index.js';
import { isInteger } from '../tensor/element.js';
import { binary } from './elementwise.js';

/** The remainder of flooring division: it has the sign of b. Integers modulo 0 give 0. Spec: OpenVINO FloorMod-1. */
export const FloorMod = binary('FloorMod', {
  number(a, b, type) {
    if (b === 0 && isInteger(type)) return 0;
    const rest = a % b;
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
  bigint(a, b) {
    if (b === 0n) return 0n;
    const rest = a % b;
    return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
  },
  symbolic: binaryElements.modulo,
});
