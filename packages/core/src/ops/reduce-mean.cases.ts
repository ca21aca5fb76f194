import { reductionCases } from './case-families.js';

export default reductionCases('ReduceMean', { columns: [2.5, 1.5, -1.5], rows: [2 / 3, 1], all: 5 / 6 });
