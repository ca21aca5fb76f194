import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { sameType } from './elementwise.js';
import { numbersOf } from '../tensor/nd.js';
import { oneOf } from './attributes.js';
import { bagsShape, segmentSums, weightedRows } from './embedding.js';
import { index, numeric, op, optional, port } from './op.js';

/** Number of bags of packed indices [bags, indices per bag]. */
export function packedBags(ctx: Infer, indices: Fact) {
  if (indices.shape && indices.shape.length !== 2) ctx.fail(`the indices must have rank 2, they have ${indices.shape.length}`);
  return indices.shape?.[0] ?? ctx.fresh(0);
}

/** Sums or means of table rows by bag; bag b takes the indices of row b. Weights go with sums only. Spec: OpenVINO EmbeddingBagPacked-15. */
export const EmbeddingBagPacked = op('EmbeddingBagPacked', {
  attributes: { reduction: oneOf(['sum', 'mean'], 'sum') },
  inputs: [port('emb_table', numeric, { least: 1 }), port('indices', index, 2), optional('per_sample_weights', numeric, 2)],
  outputs: [port('output', numeric)],
  since: { opset15: {} },

  infer({ emb_table, indices, per_sample_weights }, { reduction }, ctx) {
    if (per_sample_weights && reduction === 'mean') ctx.fail('weights are for sums only');
    ctx.match(['indices', indices, 'bags each'], ['per_sample_weights', per_sample_weights, 'bags each']);
    return {
      type: per_sample_weights ? sameType(ctx, emb_table, per_sample_weights) : emb_table.type,
      shape: bagsShape(emb_table, packedBags(ctx, indices)),
    };
  },

  evaluate({ emb_table, indices, per_sample_weights }, { reduction }) {
    const [bags, each] = indices.shape as [number, number];
    const given = numbersOf(indices);
    return segmentSums(
      emb_table,
      given,
      given.map((_, i) => Math.floor(i / each)),
      bags,
      per_sample_weights,
      undefined,
      reduction === 'mean',
    );
  },

  decompose(g, { emb_table, indices, per_sample_weights }, { reduction }) {
    const rows = weightedRows(g, emb_table, indices, per_sample_weights);
    return rows && (reduction === 'mean' ? g.reduceMean(rows, g.ints([1]), {}) : g.reduceSum(rows, g.ints([1]), {}));
  },
});
