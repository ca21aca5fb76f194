import type { Fact } from '../ir/fact.js';
import { sizeOf, type NdArray } from '../tensor/nd.js';
import { sameType, zip } from './elementwise.js';
import { numeric, op, port } from './op.js';

/**
 * x where positive, else slope · x. A 1-D slope of as many elements as axis 1 has goes along axis 1;
 * any other slope is broadcast to the data from the right.
 * Spec: OpenVINO PReLU-1.
 */
export const PRelu = op('PRelu', {
  xmlName: 'PReLU',
  inputs: [port('data', numeric), port('slope', numeric)],
  outputs: [port('output', numeric)],

  infer: ({ data, slope }: { data: Fact; slope: Fact }, _, ctx) => ({ type: sameType(ctx, data, slope), shape: data.shape }),

  evaluate({ data, slope }) {
    const result = zip(data, aligned(slope, data.shape), data.type, (x: number, s: number) => (x < 0 ? x * s : x));
    return { ...result, shape: data.shape };
  },

  traits: { elementwise: true, inPlace: 'data' },
});

function aligned(slope: NdArray, data: readonly number[]): NdArray {
  const channels = data.length > 1 ? data[1] : data[0];
  if (slope.shape.length !== 1 || slope.shape[0] !== channels || data.length < 2) return slope;
  return { ...slope, shape: [sizeOf(slope.shape), ...new Array<number>(data.length - 2).fill(1)] };
}
