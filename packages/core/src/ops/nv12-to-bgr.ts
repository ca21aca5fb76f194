import { yuvTo } from './color.js';

/** NV12 pictures (BT.601; chroma [N, H/2, W/2, 2] of (U, V), or all in one plane) to BGR of 0 to 255. Spec: OpenVINO NV12toBGR-8. */
export const NV12toBGR = yuvTo('NV12toBGR', 'NV12', 'BGR');
