import { reductionCases } from './case-families.js';

export default reductionCases('ReduceSum', { columns: [5, 3, -3], rows: [2, 3], all: 5, integers: true });
