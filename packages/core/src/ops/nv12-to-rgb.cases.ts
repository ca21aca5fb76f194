import { yuvCases } from './case-families.js';

export default yuvCases('NV12toRGB', 'interleaved', 'RGB');
