import { binaryElements } from '../shape/index.js';
import { isInteger } from '../tensor/element.js';
import { binary } from './elementwise.js';

/** The remainder of truncating division: it has the sign of a. Integers modulo 0 give 0. Spec: OpenVINO Mod-1. */
export const Mod = binary('Mod', {
  number: (a, b, type) => (b === 0 && isInteger(type) ? 0 : a % b),
  bigint: (a, b) => (b === 0n ? 0n : a % b),
  symbolic: binaryElements.remainder,
});
