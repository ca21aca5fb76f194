import { unaryElements } from '../shape/index.js';
import { unary } from './elementwise.js';

/** -x. The smallest signed integer stays as it is. Spec: OpenVINO Negative-1. */
export const Negative = unary('Negative', { number: (x) => -x, bigint: (x) => -x, symbolic: unaryElements.negative });
