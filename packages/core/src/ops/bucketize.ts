import { Literal } from '../tensor/literal.js';
import { numbersOf } from '../tensor/nd.js';
import { bool, elementType } from './attributes.js';
import { numeric, only, op, port } from './op.js';

/**
 * For each element the index of the bucket that it lies in: the number of boundaries below it, or with `with_right_bound: false` below or
 * equal. Boundaries ascend.
 * Spec: OpenVINO Bucketize-3.
 */
export const Bucketize = op('Bucketize', {
  attributes: { output_type: elementType('i64'), with_right_bound: bool(true) },
  inputs: [port('data', numeric), port('buckets', numeric, 1)],
  outputs: [port('output', only('i32', 'i64'))],
  since: { opset3: {} },

  infer({ data, buckets }, { output_type }, ctx) {
    if (buckets.shape && buckets.shape.length !== 1) ctx.fail(`the boundaries must have rank 1, they have ${buckets.shape.length}`);
    return { type: output_type, shape: data.shape };
  },

  evaluate({ data, buckets }, { output_type, with_right_bound }) {
    const edges = numbersOf(buckets);
    const values = numbersOf(data).map((x) => edges.filter((e) => (with_right_bound ? e < x : e <= x)).length);
    return Literal.from(output_type, data.shape, values).nd();
  },

  decompose(g, { data, buckets }, { output_type, with_right_bound }) {
    const [a, b] = data.fact.type === buckets.fact.type ? [data, buckets] : [g.cast(data, 'f32'), g.cast(buckets, 'f32')];
    const x = g.unsqueeze(a, g.ints([-1]), {});
    const below = with_right_bound ? g.less(b, x, {}) : g.lessEqual(b, x, {});
    return g.reduceSum(g.cast(below, output_type), g.ints([-1]), {});
  },
});
