import { logicalReductionCases } from './case-families.js';

export default logicalReductionCases('ReduceLogicalOr', { columns: [1, 1, 0], all: 1, nothing: 0 });
