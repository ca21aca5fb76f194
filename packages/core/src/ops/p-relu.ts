import type { Fact } from '../ir/fact.js';
import { anyOf, broadcastTo, isEqual, type Dim } from '../shape/index.js';
import { sizeOf, type NdArray } from '../tensor/nd.js';
import { sameType, zip } from './elementwise.js';
import { numeric, op, port } from './op.js';
import { reshaped, sizesOf, sizeValue, type Size } from './sizes.js';

/**
 * x where positive, else slope · x. A 1-D slope of as many elements as axis 1 has goes along axis 1;
 * any other slope is broadcast to the data from the right.
 * Spec: OpenVINO PReLU-1.
 */
export const PRelu = op('PRelu', {
  xmlName: 'PReLU',
  inputs: [port('data', numeric), port('slope', numeric)],
  outputs: [port('output', numeric)],

  infer({ data, slope }: { data: Fact; slope: Fact }, _, ctx) {
    const channels = data.shape && data.shape.length > 1 ? data.shape[1] : undefined;
    if (data.shape && slope.shape && (slope.shape.length !== 1 || channels === undefined)) broadcastTo(ctx, slope.shape, data.shape);
    else if (data.shape && slope.shape?.length === 1)
      ctx.require(
        'the slope must be one, or as many as channels or places of the last axis',
        anyOf([1, channels as Dim, data.shape[data.shape.length - 1] as Dim].map((d) => isEqual(slope.shape?.[0] as Dim, d))),
      );
    return { type: sameType(ctx, data, slope), shape: data.shape };
  },

  evaluate({ data, slope }) {
    const result = zip(data, aligned(slope, data.shape), data.type, (x: number, s: number) => (x < 0 ? x * s : x));
    return { ...result, shape: data.shape };
  },

  /** Where only the run tells whether a 1-D slope goes along the channels, its shape is chosen then. */
  decompose(g, { data, slope }) {
    const [own, along] = [data.fact.shape, slope.fact.shape];
    const sizes = sizesOf(g, data);
    if (!own || !sizes || along?.length !== 1 || own.length < 3) return undefined;
    const size = g.shapeOf(slope);
    const channels = g.equal(size, sizeValue(g, sizes[1] as Size));
    const [first, last] = [g.select(channels, size, g.ints([1])), g.select(channels, g.ints([1]), size)];
    const places = own.map((_, i): Size => (i === 1 ? first : i === own.length - 1 ? last : 1));
    return g.pRelu(data, reshaped(g, slope, places));
  },

  traits: { elementwise: true, inPlace: 'data' },
});

function aligned(slope: NdArray, data: readonly number[]): NdArray {
  const channels = data.length > 1 ? data[1] : data[0];
  if (slope.shape.length !== 1 || slope.shape[0] !== channels || data.length < 2) return slope;
  return { ...slope, shape: [sizeOf(slope.shape), ...new Array<number>(data.length - 2).fill(1)] };
}
