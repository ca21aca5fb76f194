/**
 * @file Concat in place: what joins along channels, in blocks, is written by its makers side by side into one tensor, so that no step
 * joins it. Of one picture such a part is contiguous.
 */
import { normalizeAxis, type Node, type Value } from '@cuvee/core';
import { names } from '../ops/names.js';

/** Where a value lies in a concatenation's result: behind so many channels. */
export interface Place {
  readonly joined: Value;
  readonly channels: number;
}

/** Parts must begin at whole blocks of every instruction set, and at 64 bytes. */
const unit = 16;

/** Places of the inputs of all concatenations among `nodes`; a value that several of them want has the first one's. */
export function placesOf(nodes: readonly Node[]): ReadonlyMap<Value, Place> {
  const places = new Map<Value, Place>();
  for (const node of nodes) {
    if (!joinsInPlace(node)) continue;
    let channels = 0;
    for (const value of node.inputs as readonly Value[]) {
      if (!places.has(value)) places.set(value, { joined: node.output, channels });
      channels += value.fact.shape?.[1] as number;
    }
  }
  return places;
}

function joinsInPlace(node: Node): boolean {
  if (node.op.name !== names.concatenation) return false;
  const { shape, type } = node.output.fact;
  if (type !== 'f32' || shape?.length !== 4 || shape[0] !== 1 || normalizeAxis(node.attributes.axis as number, 4) !== 1) return false;
  return node.inputs.every((v, i) => {
    const channels = v?.fact.shape?.[1];
    // Upsampled parts had better be read where they are (lower/convolution.ts).
    if (v === undefined || v.node.op.name === names.interpolation || typeof channels !== 'number' || channels === 0) return false;
    return i === node.inputs.length - 1 || channels % unit === 0;
  });
}
