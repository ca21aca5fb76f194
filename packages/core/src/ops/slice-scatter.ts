import { normalizeAxis, numbersOf, sizeOf } from '../tensor/nd.js';
import { CuveeError } from '../errors.js';
import { sameType } from './elementwise.js';
import { copied } from './movement.js';
import { any, index, op, optional, port } from './op.js';
import { counting, reshaped, sizesOf, times, type Size } from './sizes.js';
import { sliced } from './slice.js';

/** The data with the slice start:stop:step along the given axes replaced by the updates; ends as in Slice. Spec: OpenVINO SliceScatter-15. */
export const SliceScatter = op('SliceScatter', {
  inputs: [
    port('data', any),
    port('updates', any),
    port('start', index, 1),
    port('stop', index, 1),
    port('step', index, 1),
    optional('axes', index, 1),
  ],
  outputs: [port('output', any)],
  since: { opset15: {} },

  infer({ data, updates, start, stop, step, axes }, _, ctx) {
    if (data.shape && updates.shape && data.shape.length !== updates.shape.length)
      ctx.fail(`the updates have rank ${updates.shape.length}, the data ${data.shape.length}`);
    const lists = Object.entries({ start, stop, step, ...(axes && { axes }) }).flatMap(([what, f]) =>
      f.shape ? [[what, f, 'axes'] as const] : [],
    );
    ctx.match(...lists);
    if (ctx.constants(step)?.includes(0)) ctx.fail('a step is 0');
    return { type: sameType(ctx, data, updates), shape: data.shape };
  },

  evaluate({ data, updates, start, stop, step, axes }) {
    const starts = numbersOf(start);
    const along = axes ? numbersOf(axes).map((a) => normalizeAxis(a, data.shape.length)) : starts.map((_, i) => i);
    const places = { type: 'i32', shape: data.shape, data: Int32Array.from({ length: sizeOf(data.shape) }, (_, i) => i) } as const;
    const where = sliced(places, along, starts, numbersOf(stop), numbersOf(step));
    if (where.data.length !== updates.data.length)
      throw new CuveeError('SHAPE_MISMATCH', `the slice has shape [${where.shape.join(',')}], the updates [${updates.shape.join(',')}]`);
    const out = copied(data);
    numbersOf(where).forEach((to, i) => {
      out.data[to] = updates.data[i] as never;
    });
    return out;
  },

  /** The same slice of the places 0, 1, … says where each update goes in the flat data. */
  decompose(g, { data, updates, start, stop, step, axes }) {
    const sizes = sizesOf(g, data);
    if (!sizes) return undefined;
    const places = reshaped(
      g,
      counting(
        g,
        sizes.reduce<Size>((a, b) => times(g, a, b), 1),
      ),
      sizes,
    );
    const flat = (v: typeof data): typeof data => g.reshape(v, g.ints([-1]), {});
    const where = flat(g.slice(places, start, stop, step, axes, {}));
    return reshaped(g, g.scatterElementsUpdate(flat(data), where, flat(updates), g.constant('i64', [], [0]), {}), sizes);
  },

  traits: { moves: true, inPlace: 'data' },
});
