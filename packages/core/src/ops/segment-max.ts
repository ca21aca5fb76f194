import { bounds, type Dim } from '../shape/index.js';
import { moved, numberOf, numbersOf, sizeOf } from '../tensor/nd.js';
import { isFloat } from '../tensor/element.js';
import { oneOf } from './attributes.js';
import { index, numeric, op, optional, port } from './op.js';
import { extreme } from './scatter.js';
import { reshaped, shapeValue, sizesOf, type Size } from './sizes.js';
import { knownScalar } from './top-k.js';

/**
 * The largest element of each segment: rows of the data with one segment id, ascending. A segment of none holds 0, or the lowest finite
 * value of the type. Segments beyond `num_segments` are dropped; without it there are as many as the last id says.
 * Spec: OpenVINO SegmentMax-16.
 */
export const SegmentMax = op('SegmentMax', {
  attributes: { fill_mode: oneOf(['zero', 'lowest']) },
  inputs: [port('data', numeric, { least: 1 }), port('segment_ids', index, 1), optional('num_segments', index, 'one')],
  outputs: [port('output', numeric)],
  since: { opset16: {} },

  infer({ data, segment_ids, num_segments }, _, ctx) {
    if (!data.shape) return { type: data.type, shape: undefined };
    if (segment_ids.shape) ctx.requireEqual('the numbers of rows and segment ids', data.shape[0] as Dim, segment_ids.shape[0] as Dim);
    const ids = ctx.constants(segment_ids);
    const count = num_segments ? knownScalar(num_segments) : ids && Math.max(-1, ...ids) + 1;
    if (typeof count === 'number' && count < 0) ctx.fail(`there are ${count} segments`);
    const length = count === undefined || bounds(count)[0] < 0 ? ctx.fresh(0) : count;
    return { type: data.type, shape: [length, ...data.shape.slice(1)] };
  },

  evaluate({ data, segment_ids, num_segments }, { fill_mode }) {
    const ids = numbersOf(segment_ids);
    const count = num_segments ? Math.max(0, numberOf(num_segments)) : Math.max(-1, ...ids) + 1;
    const row = sizeOf(data.shape.slice(1));
    const out = moved(data, [count, ...data.shape.slice(1)]);
    const met = new Set<number>();
    const fill = fill_mode === 'zero' ? undefined : isFloat(data.type) ? lowest(data.type) : extreme(data.type, true);
    if (fill !== undefined) for (let i = 0; i < out.data.length; i++) out.data[i] = fill as never;
    ids.forEach((id, r) => {
      if (id < 0 || id >= count) return;
      for (let k = 0; k < row; k++) {
        const value = data.data[r * row + k] as number;
        if (!met.has(id) || value > (out.data[id * row + k] as number)) out.data[id * row + k] = value as never;
      }
      met.add(id);
    });
    return out;
  },

  decompose(g, { data, segment_ids, num_segments }, { fill_mode }) {
    const sizes = sizesOf(g, data);
    if (!sizes) return undefined;
    const ids = g.cast(segment_ids, 'i64');
    const present = g.add(g.reduceMax(ids, g.ints([0]), { keep_dims: true }), g.ints([1]));
    const wanted = num_segments ? g.reshape(g.cast(num_segments, 'i64'), g.ints([1])) : present;
    const rows = num_segments ? g.maximum(present, wanted) : present;
    const { type } = data.fact;
    const low = g.constant(type, [], [(isFloat(type) ? lowest(type) : extreme(type, true)) as number]);
    const at = g.unsqueeze(ids, g.ints([1]));
    const full = (value: typeof low, tail: readonly Size[]): typeof low => g.broadcast(value, shapeValue(g, [rows, ...tail]), undefined);
    let top = g.scatterNDUpdate(full(low, sizes.slice(1)), at, data, { reduction: 'max' });
    if (fill_mode === 'zero') {
      const tail = sizes.slice(1).map(() => 1);
      const ones = reshaped(g, g.broadcast(g.constant('i32', [1], [1]), g.shapeOf(ids), undefined), [-1, ...tail]);
      const met = g.scatterNDUpdate(full(g.constant('i32', [], [0]), tail), at, ones, { reduction: 'sum' });
      top = g.select(g.equal(met, g.constant('i32', [], [0])), g.scalar(0, data), top);
    }
    return num_segments ? g.slice(top, g.ints([0]), wanted, g.ints([1]), g.ints([0])) : top;
  },
});

/** The lowest finite value of a float type. */
const lowest = (type: string): number =>
  -(type === 'f64' ? Number.MAX_VALUE : type === 'f16' ? 65504 : type === 'bf16' ? 3.3895313892515355e38 : 3.4028234663852886e38);
