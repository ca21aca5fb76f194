import { reductionCases } from './case-families.js';

export default reductionCases('ReduceL1', { columns: [5, 7, 9], rows: [6, 15], all: 21, integers: true });
