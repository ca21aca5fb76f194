import { binaryElements } from '../shape/index.js';
import { unary } from './elementwise.js';

/** max(x, 0). NaN stays NaN. Spec: OpenVINO ReLU-1. */
export const Relu = unary(
  'Relu',
  { number: (x) => (x < 0 ? 0 : x), bigint: (x) => (x < 0n ? 0n : x), symbolic: (x) => binaryElements.larger(x, 0) },
  { xmlName: 'ReLU' },
);
