import { Literal } from '../tensor/literal.js';
import { index, only, op, port, string } from './op.js';

/** Strings as UTF-8 bytes, one after the other: where each begins, where it ends, and all bytes. Spec: OpenVINO StringTensorUnpack-15. */
export const StringTensorUnpack = op('StringTensorUnpack', {
  inputs: [port('data', string)],
  outputs: [port('begins', index), port('ends', index), port('symbols', only('u8'))],
  since: { opset15: {} },

  infer({ data }, _, ctx) {
    return [
      { type: 'i32', shape: data.shape },
      { type: 'i32', shape: data.shape },
      { type: 'u8', shape: [ctx.fresh(0, undefined, 2)] },
    ];
  },

  evaluate({ data }) {
    const encoder = new TextEncoder();
    const parts = (data.data as readonly string[]).map((s) => encoder.encode(s));
    const ends: number[] = [];
    for (const p of parts) ends.push((ends[ends.length - 1] ?? 0) + p.length);
    const bytes = new Uint8Array(ends[ends.length - 1] ?? 0);
    parts.forEach((p, i) => {
      bytes.set(p, (ends[i] as number) - p.length);
    });
    return [
      Literal.from(
        'i32',
        data.shape,
        ends.map((e, i) => e - (parts[i] as Uint8Array).length),
      ).nd(),
      Literal.from('i32', data.shape, ends).nd(),
      { type: 'u8', shape: [bytes.length], data: bytes },
    ];
  },
});
