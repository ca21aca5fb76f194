import { yuvTo } from './color.js';

/** I420 pictures (BT.601; chroma U and V, [N, H/2, W/2, 1] each, or all in one plane) to BGR of 0 to 255. Spec: OpenVINO I420toBGR-8. */
export const I420toBGR = yuvTo('I420toBGR', 'I420', 'BGR');
