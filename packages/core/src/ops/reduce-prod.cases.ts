import { reductionCases } from './case-families.js';

export default reductionCases('ReduceProd', { columns: [4, -10, -18], rows: [-6, -120], all: 720, integers: true });
