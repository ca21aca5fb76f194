import { yuvCases } from './case-families.js';

export default yuvCases('I420toBGR', 'two planes', 'BGR');
