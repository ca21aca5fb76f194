/** @file NV12 and I420 pictures as RGB or BGR → family `yuv`. Args: [0 for NV12 or 1 for I420, 0 for RGB or 1 for BGR]. */
import type { Lowering, LoweringTable } from '../compile/lowering.js';

const lowering = (planes: number, order: number): Lowering => ({
  refuse(node) {
    const { type } = node.output.fact;
    return type === 'u8' || type === 'f32' ? undefined : `element type ${type}`;
  },
  lower: (c) => c.emit('yuv', '', c.inputs(), [c.output()], [planes, order]),
});

export const color: LoweringTable = {
  NV12toRGB: lowering(0, 0),
  NV12toBGR: lowering(0, 1),
  I420toRGB: lowering(1, 0),
  I420toBGR: lowering(1, 1),
};
