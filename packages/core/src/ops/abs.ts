import { unaryElements } from '../shape/index.js';
import { unary } from './elementwise.js';

/** |x|. The smallest signed integer stays as it is. Spec: OpenVINO Abs-1. */
export const Abs = unary('Abs', { number: (x) => Math.abs(x), bigint: (x) => (x < 0n ? -x : x), symbolic: unaryElements.magnitude });
