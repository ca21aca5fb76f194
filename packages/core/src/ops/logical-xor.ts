import { binaryElements } from '../shape/index.js';
import { logical } from './logic.js';

/** Exactly one of a and b true, with broadcasting. IR files of opset1 also call it Xor. Spec: OpenVINO LogicalXor-1. */
export const LogicalXor = logical('LogicalXor', (a, b) => a !== b, binaryElements.xor, { aliases: ['Xor'] });
