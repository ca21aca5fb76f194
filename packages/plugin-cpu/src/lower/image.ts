/**
 * @file Image → family `image`. Input [picture u8]; args [1 for pixels or 0 for planes, then for each plane of the result the
 * picture's channel, scale, shift]. A convolution takes the same arguments (convolution.ts).
 */
import type { Node } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import type { LoweringTable } from '../compile/lowering.js';

/** How the bytes of a picture are read. */
export function imageArgs(node: Node): DraftArg[] {
  const { planar, channels, scale, shift } = node.attributes as {
    readonly planar: boolean;
    readonly channels: readonly number[];
    readonly scale: readonly number[];
    readonly shift: readonly number[];
  };
  return [planar ? 0 : 1, ...channels.flatMap((c, i): DraftArg[] => [c, { float: scale[i] as number }, { float: shift[i] as number }])];
}

export const image: LoweringTable = {
  Image: { lower: (c) => c.emit('image', '', [c.input(0)], [c.output()], imageArgs(c.node)) },
};
