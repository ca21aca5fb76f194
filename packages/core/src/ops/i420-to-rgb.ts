import { yuvTo } from './color.js';

/** I420 pictures (BT.601; chroma U and V, [N, H/2, W/2, 1] each, or all in one plane) to RGB of 0 to 255. Spec: OpenVINO I420toRGB-8. */
export const I420toRGB = yuvTo('I420toRGB', 'I420', 'RGB');
