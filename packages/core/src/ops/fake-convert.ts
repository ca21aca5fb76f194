import type { Value } from '../ir/node.js';
import { decode, emptyElements, encode, floatToHalf, halfToFloat, type Elements } from '../tensor/convert.js';
import { broadcastOffsets } from '../tensor/nd.js';
import { elementType } from './attributes.js';
import { broadcastTo } from '../shape/index.js';
import { sameType } from './elementwise.js';
import { floating, op, optional, port } from './op.js';

const largest = { f8e4m3: 448, f8e5m2: 57344 } as const;

/**
 * What 8-bit floats keep of a value: round(x · scale - shift) to the f8 type, then (· + shift) / scale. Values beyond the type's largest
 * are limited to it; the rounding goes through f16. scale and shift are broadcast to the data from the right.
 * Spec: OpenVINO FakeConvert-13.
 */
export const FakeConvert = op('FakeConvert', {
  attributes: { destination_type: elementType('f8e4m3') },
  inputs: [port('data', floating), port('scale', floating), optional('shift', floating)],
  outputs: [port('output', floating)],
  since: { opset13: {} },
  check: ({ destination_type }) =>
    destination_type in largest ? undefined : `destination_type must be f8e4m3 or f8e5m2, not ${destination_type}`,

  infer({ data, scale, shift }, _, ctx) {
    const ranges = shift ? [scale, shift] : [scale];
    for (const { shape } of ranges) if (shape && data.shape) broadcastTo(ctx, shape, data.shape);
    return { type: sameType(ctx, data, ...ranges), shape: data.shape };
  },

  evaluate({ data, scale, shift }, { destination_type }) {
    const top = largest[destination_type as keyof typeof largest];
    const at = broadcastOffsets(scale.shape, data.shape);
    const by = shift && broadcastOffsets(shift.shape, data.shape);
    const count = data.data.length;
    const narrow = Float32Array.from({ length: count }, (_, i) => {
      const x = (data.data[i] as number) * (scale.data[at[i] as number] as number) - (by ? (shift.data[by[i] as number] as number) : 0);
      return halfToFloat(floatToHalf(Math.min(top, Math.max(-top, x))));
    });
    const kept = decode(destination_type, encode(destination_type, narrow as Elements, count), count) as Float32Array;
    const out = emptyElements(data.type, count) as Float32Array;
    for (let i = 0; i < count; i++)
      out[i] = ((kept[i] as number) + (by ? (shift?.data[by[i] as number] as number) : 0)) / (scale.data[at[i] as number] as number);
    return { ...data, data: out };
  },

  decompose(g, { data, scale, shift }, { destination_type }) {
    const wide = (v: Value): Value => (v.fact.type === 'f32' ? v : g.convert(v, { destination_type: 'f32' }));
    const top = largest[destination_type as keyof typeof largest];
    const by = wide(scale);
    const scaled = g.multiply(wide(data), by);
    const shifted = g.clamp(shift ? g.subtract(scaled, wide(shift)) : scaled, { min: -top, max: top });
    const kept = g.convert(g.convert(g.convert(shifted, { destination_type: 'f16' }), { destination_type }), { destination_type: 'f32' });
    const back = g.divide(shift ? g.add(kept, wide(shift)) : kept, by);
    return data.fact.type === 'f32' ? back : g.convert(back, { destination_type: data.fact.type });
  },

  traits: { elementwise: true },
});
