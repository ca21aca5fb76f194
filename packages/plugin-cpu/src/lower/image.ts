/**
 * @file Image → family `image`. Input [picture u8 or f32]; args [1 for pixels or 0 for planes, then for each plane of the result the
 * picture's channel, pre, scale, shift]. A convolution takes the same arguments (convolution.ts).
 */
import type { Node } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import type { LoweringTable } from '../compile/lowering.js';

/** How the bytes of a picture are read. */
export function imageArgs(node: Node): DraftArg[] {
  const { planar, channels, pre, scale, shift } = node.attributes as {
    readonly planar: boolean;
    readonly channels: readonly number[];
    readonly pre: readonly number[];
    readonly scale: readonly number[];
    readonly shift: readonly number[];
  };
  const floats = (i: number): DraftArg[] => [pre, scale, shift].map((list) => ({ float: list[i] as number }));
  return [planar ? 0 : 1, ...channels.flatMap((c, i): DraftArg[] => [c, ...floats(i)])];
}

export const image: LoweringTable = {
  Image: { lower: (c) => c.emit('image', '', [c.input(0)], [c.output()], imageArgs(c.node)) },
};
