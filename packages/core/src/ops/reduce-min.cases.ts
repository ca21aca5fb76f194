import { reductionCases } from './case-families.js';

export default reductionCases('ReduceMin', { columns: [1, -2, -6], rows: [-2, -6], all: -6, integers: true });
