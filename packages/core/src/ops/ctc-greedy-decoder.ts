import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import type { Dim } from '../shape/index.js';
import { zeros, type NdArray } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { floating, numeric, op, port } from './op.js';
import { plus, reshaped, shapeValue, sizesOf, type Size } from './sizes.js';

/** The best class of each step without blanks, and without repetitions when they merge. */
export function greedy(read: (t: number, c: number) => number, steps: number, classes: number, blank: number, merge: boolean): number[] {
  const out: number[] = [];
  let before = -1;
  for (let t = 0; t < steps; t++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (read(t, c) > read(t, best)) best = c;
    if (best !== blank && !(merge && best === before)) out.push(best);
    before = best;
  }
  return out;
}

/** `greedy` as a graph, on the best classes i64 [batch, steps] of the valid steps: classes filled with -1, and their numbers. */
export function greedyGraph(
  g: Builder,
  best: Value,
  valid: Value,
  blank: Value,
  batch: Size,
  steps: Size,
  merge: boolean,
): readonly [classes: Value, counts: Value] {
  const none = (columns: Size): Value => g.broadcast(g.ints([-1]), shapeValue(g, [batch, columns]), undefined);
  const axis = g.constant('i64', [], [1]);
  let kept = g.logicalAnd(valid, g.notEqual(best, blank));
  if (merge) {
    const before = g.slice(g.concat([none(1), best], { axis: 1 }), g.ints([0]), shapeValue(g, [steps]), g.ints([1]), g.ints([1]));
    kept = g.logicalAnd(kept, g.notEqual(best, before));
  }
  const ones = g.cast(kept, 'i64');
  // What is not kept lands in a column behind the last, which is cut off.
  const to = g.select(kept, g.subtract(g.cumSum(ones, axis), g.ints([1])), shapeValue(g, [steps]));
  const placed = g.scatterElementsUpdate(none(plus(g, steps, 1)), to, best, axis);
  return [g.slice(placed, g.ints([0]), shapeValue(g, [steps]), g.ints([1]), g.ints([1])), g.reduceSum(ones, g.ints([1]))];
}

/** The best class along the last axis. */
export function bestClass(g: Builder, data: Value): Value {
  const [, places] = g.topK(data, g.constant('i64', [], [1]), {
    axis: -1,
    mode: 'max',
    sort: 'value',
    index_element_type: 'i64',
    stable: true,
  });
  return g.squeeze(places as Value, g.ints([-1]));
}

/**
 * Greedy decoding of [steps, batch, classes], the last class being the blank, up to the first 0 of the mask [steps, batch]. Output
 * [batch, steps, 1, 1], filled with -1.
 * Spec: OpenVINO CTCGreedyDecoder-1.
 */
export const CTCGreedyDecoder = op('CTCGreedyDecoder', {
  attributes: { ctc_merge_repeated: bool(true) },
  inputs: [port('data', floating, 3), port('sequence_mask', numeric, 2)],
  outputs: [port('output', floating)],

  infer({ data, sequence_mask }, _, ctx) {
    const x = data.shape ?? (sequence_mask.shape && [...sequence_mask.shape, ctx.fresh(2)]);
    if (!x) return { type: data.type, shape: [ctx.fresh(0), ctx.fresh(1), 1, 1] };
    if (x.length !== 3) ctx.fail(`the data must have rank 3, it has ${x.length}`);
    const [steps, batch] = [0, 1].map((i) =>
      ctx.requireEqual(`dimension ${i} of data and mask`, x[i] as Dim, sequence_mask.shape?.[i] ?? (x[i] as Dim)),
    );
    return { type: data.type, shape: [batch as Dim, steps as Dim, 1, 1] };
  },

  evaluate({ data, sequence_mask }, { ctc_merge_repeated }): NdArray {
    const [steps, batch, classes] = data.shape as [number, number, number];
    const out = zeros(data.type, [batch, steps, 1, 1]);
    (out.data as Float32Array).fill(-1);
    for (let b = 0; b < batch; b++) {
      let length = 0;
      while (length < steps && Number(sequence_mask.data[length * batch + b]) !== 0) length++;
      greedy((t, c) => Number(data.data[(t * batch + b) * classes + c]), length, classes, classes - 1, ctc_merge_repeated).forEach(
        (c, i) => {
          (out.data as Float32Array)[b * steps + i] = c;
        },
      );
    }
    return out;
  },

  decompose(g, { data, sequence_mask }, { ctc_merge_repeated }) {
    const sizes = sizesOf(g, data);
    if (!sizes) return undefined;
    const [steps, batch, classes] = sizes as [Size, Size, Size];
    const stopped = g.cumSum(g.cast(g.equal(sequence_mask, g.scalar(0, sequence_mask)), 'i64'), g.constant('i64', [], [0]));
    const valid = g.transpose(g.equal(stopped, g.ints([0])), g.ints([1, 0]));
    const best = bestClass(g, g.transpose(data, g.ints([1, 0, 2])));
    const [decoded] = greedyGraph(g, best, valid, shapeValue(g, [plus(g, classes, -1)]), batch, steps, ctc_merge_repeated);
    return reshaped(g, g.cast(decoded, data.fact.type), [batch, steps, 1, 1]);
  },
});
