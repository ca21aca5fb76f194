import { reductionCases } from './case-families.js';

export default reductionCases('ReduceMax', { columns: [4, 5, 3], rows: [3, 5], all: 5, integers: true });
