import { logicalReductionCases } from './case-families.js';

export default logicalReductionCases('ReduceLogicalAnd', { columns: [0, 1, 0], all: 0, nothing: 1 });
