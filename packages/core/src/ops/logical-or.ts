import { binaryElements } from '../shape/index.js';
import { logical } from './logic.js';

/** Either or both of a and b true, with broadcasting. Spec: OpenVINO LogicalOr-1. */
export const LogicalOr = logical('LogicalOr', (a, b) => a || b, binaryElements.or);
