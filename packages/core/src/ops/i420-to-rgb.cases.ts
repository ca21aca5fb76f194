import { yuvCases } from './case-families.js';

export default yuvCases('I420toRGB', 'two planes', 'RGB');
