import { add, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { moved, numbersOf, stridesOf } from '../tensor/nd.js';
import { oneOf } from './attributes.js';
import { sameType } from './elementwise.js';
import { indexOf } from './movement.js';
import { any, current, index, op, optional, port } from './op.js';

const modes = ['constant', 'edge', 'reflect', 'symmetric'] as const;
type Mode = (typeof modes)[number];

/** The place along an axis of length n that position p (outside 0..n-1) repeats; -1 for the pad value. */
function mirrored(p: number, n: number, mode: Mode): number {
  if ((p >= 0 && p < n) || mode === 'constant') return p >= 0 && p < n ? p : -1;
  if (mode === 'edge') return p < 0 ? 0 : n - 1;
  const beyond = p < 0 ? -p : p - n + 1;
  const reach = mode === 'reflect' ? n - 1 : n;
  if (beyond > reach) throw new CuveeError('ARGUMENT_INVALID', `${mode} padding by ${beyond} needs an axis longer than ${n}`);
  if (mode === 'reflect') return p < 0 ? beyond : n - 1 - beyond;
  return p < 0 ? beyond - 1 : n - beyond;
}

/**
 * Adds `pads_begin[i]` places in front of and `pads_end[i]` behind axis i.
 *
 * constant: filled with `pad_value` (0 when absent). edge: the border repeats. reflect, symmetric: mirrored without and with the border;
 * they reach at most once over the axis. Negative pads (Pad-12) cut places off.
 * Spec: OpenVINO Pad-12.
 */
export const Pad = op('Pad', {
  attributes: { pad_mode: oneOf(modes) },
  inputs: [port('data', any), port('pads_begin', index, 1), port('pads_end', index, 1), optional('pad_value', any, 'one')],
  outputs: [port('output', any)],
  since: { opset1: current, opset12: current },

  infer({ data, pads_begin, pads_end, pad_value }, _, ctx) {
    const type = pad_value ? sameType(ctx, data, pad_value) : data.type;
    const count = data.shape?.length ?? pads_begin.shape?.[0] ?? pads_end.shape?.[0];
    if (!data.shape) return { type, shape: typeof count === 'number' ? ctx.freshShape(count) : undefined };
    const begin = ctx.dims(pads_begin);
    const end = ctx.dims(pads_end);
    if (!begin || !end) return { type, shape: ctx.freshShape(data.shape.length) };
    if (begin.length !== data.shape.length || end.length !== data.shape.length)
      ctx.fail(`${begin.length} and ${end.length} pads given for ${data.shape.length} axes`);
    return { type, shape: data.shape.map((d, i) => add(d, begin[i] as Dim, end[i] as Dim)) };
  },

  evaluate({ data, pads_begin, pads_end, pad_value }, { pad_mode }) {
    const begin = numbersOf(pads_begin);
    const end = numbersOf(pads_end);
    const shape = data.shape.map((d, i) => d + (begin[i] as number) + (end[i] as number));
    if (shape.some((d) => d < 0))
      throw new CuveeError('ARGUMENT_INVALID', `pads ${begin.join(',')} and ${end.join(',')} cut more than [${data.shape.join(',')}] has`);
    const out = moved(data, shape);
    const strides = stridesOf(data.shape);
    const sources = shape.map((d, i) =>
      Array.from({ length: d }, (_, p) => mirrored(p - (begin[i] as number), data.shape[i] as number, pad_mode)),
    );
    const fill = pad_value ? pad_value.data[0] : zeroLike(out.data[0]);
    if (pad_mode !== 'constant' && out.data.length > 0 && data.data.length === 0)
      throw new CuveeError('ARGUMENT_INVALID', `${pad_mode} padding of nothing, [${data.shape.join(',')}]`);
    for (let flat = 0; flat < out.data.length; flat++) {
      let from = 0;
      indexOf(flat, shape).forEach((at, i) => {
        const source = sources[i]?.[at] as number;
        from = from < 0 || source < 0 ? -1 : from + source * (strides[i] as number);
      });
      out.data[flat] = (from < 0 ? fill : data.data[from]) as never;
    }
    return out;
  },

  traits: { moves: true },
});

/** What a place is filled with by default: the zero of its kind. */
const zeroLike = (element: unknown): unknown => (typeof element === 'bigint' ? 0n : typeof element === 'string' ? '' : 0);
