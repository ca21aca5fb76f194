import { binaryElements } from '../shape/index.js';
import { logical } from './logic.js';

/** Both of a and b true, with broadcasting. Spec: OpenVINO LogicalAnd-1. */
export const LogicalAnd = logical('LogicalAnd', (a, b) => a && b, binaryElements.and);
