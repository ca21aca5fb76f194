/** @file A picture of bytes or floats as planes of floats: what preprocessing makes of an image, in one operation. */
import { bool, floats, ints, only, op, port } from '@cuvee/core';

/** Planes that one operation makes. */
export const mostPlanes = 4;

/**
 * Plane c of the result [N, planes, H, W] f32 is (element + pre[c])·scale[c] + shift[c], the elements being channel `channels[c]` of the picture:
 * [N, H, W, C], or [N, C, H, W] when it is planar.
 */
export const Image = op('Image', {
  attributes: { planar: bool(), channels: ints(), pre: floats(), scale: floats(), shift: floats() },
  inputs: [port('picture', only('u8', 'f32'))],
  outputs: [port('output', only('f32'))],
  infer({ picture }, { planar, channels }, ctx) {
    const dims = ctx.axes('a picture', picture, 4);
    const at = planar ? [0, 2, 3] : [0, 1, 2];
    const [n, h, w] = at.map((i) => dims?.[i]);
    return { type: 'f32', shape: n === undefined || h === undefined || w === undefined ? undefined : [n, channels.length, h, w] };
  },
});
