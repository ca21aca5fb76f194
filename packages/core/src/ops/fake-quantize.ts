import { CuveeError } from '../errors.js';
import type { Dim } from '../shape/index.js';
import { broadcastOffsets, broadcastShapes, sizeOf } from '../tensor/nd.js';
import { emptyElements } from '../tensor/convert.js';
import { int } from './attributes.js';
import { alignPdpd, broadcastAttributes, broadcastRule, pdpdAligned, pdpdInGraph, sameType } from './elementwise.js';
import { floating, op, port } from './op.js';
import { roundHalfEven } from './special.js';

/**
 * Rounds x to one of `levels` equal steps between input_low and input_high and maps these to output_low … output_high.
 * Below min(input_low, input_high) the result is output_low, above their maximum output_high; steps are rounded half to even.
 * Spec: OpenVINO FakeQuantize-1.
 */
export const FakeQuantize = op('FakeQuantize', {
  attributes: { levels: int(undefined, { min: 2 }), ...broadcastAttributes },
  inputs: [
    port('data', floating),
    port('input_low', floating),
    port('input_high', floating),
    port('output_low', floating),
    port('output_high', floating),
  ],
  outputs: [port('output', floating)],

  infer({ data, input_low, input_high, output_low, output_high }, { auto_broadcast, axis }, ctx) {
    const type = sameType(ctx, data, input_low, input_high, output_low, output_high);
    const rule = broadcastRule(auto_broadcast);
    for (const f of [input_low, input_high, output_low, output_high]) {
      const both = ctx.broadcast(data.shape, pdpdAligned(data, f, auto_broadcast, axis), rule);
      if (!both || !data.shape) continue;
      if (both.length > data.shape.length) ctx.fail('a range has more axes than the data');
      both.forEach((d, i) => ctx.requireEqual(`axis ${i} of the data and of a range`, data.shape?.[i] as Dim, d));
    }
    return { type, shape: data.shape };
  },

  evaluate({ data, input_low, input_high, output_low, output_high }, { levels, auto_broadcast, axis }) {
    const ranges = [input_low, input_high, output_low, output_high].map((a) => alignPdpd(data, a, auto_broadcast, axis));
    const { shape } = data;
    for (const a of ranges)
      if (broadcastShapes(shape, a.shape).join() !== shape.join())
        throw new CuveeError('SHAPE_MISMATCH', `FakeQuantize: a range [${a.shape}] is wider than the data [${shape}]`);
    const [x, il, ih, ol, oh] = [data, ...ranges].map((a) => {
      const offsets = broadcastOffsets(a.shape, shape);
      return (i: number): number => a.data[offsets[i] as number] as number;
    }) as [(i: number) => number, (i: number) => number, (i: number) => number, (i: number) => number, (i: number) => number];
    const out = emptyElements(data.type, sizeOf(shape)) as Float32Array;
    for (let i = 0; i < out.length; i++) {
      const [low, high, to, upTo] = [il(i), ih(i), ol(i), oh(i)];
      if (x(i) <= Math.min(low, high)) out[i] = to;
      else if (x(i) > Math.max(low, high)) out[i] = upTo;
      else out[i] = (roundHalfEven(((x(i) - low) / (high - low)) * (levels - 1)) / (levels - 1)) * (upTo - to) + to;
    }
    return { type: data.type, shape, data: out };
  },

  decompose(g, { data, ...given }, { levels, auto_broadcast, axis }) {
    const ranges = [given.input_low, given.input_high, given.output_low, given.output_high].map((v) =>
      auto_broadcast === 'pdpd' ? pdpdInGraph(g, data, v, axis) : v,
    );
    if (!ranges.every((v) => v !== undefined)) return undefined;
    const [input_low, input_high, output_low, output_high] = ranges as [typeof data, typeof data, typeof data, typeof data];
    const [least, most] = [g.minimum(input_low, input_high), g.maximum(input_low, input_high)];
    const steps = g.scalar(levels - 1, data);
    const place = g.round(g.multiply(g.divide(g.subtract(data, input_low), g.subtract(input_high, input_low)), steps));
    const inside = g.add(g.multiply(g.divide(place, steps), g.subtract(output_high, output_low)), output_low);
    return g.select(g.lessEqual(data, least), output_low, g.select(g.greater(data, most), output_high, inside));
  },

  traits: { elementwise: true, inPlace: 'data' },
});
