/** @file What a picture's mean and its edges say of the means of its windows. */
import { floating, int, op, port } from '@cuvee/core';

/**
 * Data [n, c, h, w] to [n, c, 3, 3]: in the middle the mean of the picture, at the sides minus the sums of its first and last row and
 * column, at the corners its corner elements, all over the number of its pixels. These numbers are linear in the data.
 */
export const EdgeShares = op('EdgeShares', {
  attributes: {},
  inputs: [port('data', floating, 4)],
  outputs: [port('output', floating)],
  infer: ({ data }) => ({ type: data.type, shape: data.shape && [...data.shape.slice(0, 2), 3, 3] }),
});

const shares = [port('shares', floating, 4)];
const outputs = [port('output', floating)];

/** Shares of a picture to those of the picture `1 << shift` times as large both ways, by nearest upsampling. */
export const EnlargedShares = op('EnlargedShares', {
  attributes: { shift: int() },
  inputs: shares,
  outputs,
  infer: ({ shares: given }) => given,
});

/** Shares of a picture to what the nine taps of a 3x3 window, which is padded by one with zeros, see of it on average: [n, c, 3, 3]. */
export const WindowMeans = op('WindowMeans', { attributes: {}, inputs: shares, outputs, infer: ({ shares: given }) => given });

/** Shares of a picture to its mean: [n, c, 1, 1]. */
export const MiddleShare = op('MiddleShare', {
  attributes: {},
  inputs: shares,
  outputs,
  infer: ({ shares: { type, shape } }) => ({ type, shape: shape && [...shape.slice(0, 2), 1, 1] }),
});
