import { sameType } from './elementwise.js';
import { numberOf, numbersOf } from '../tensor/nd.js';
import { oneOf } from './attributes.js';
import { bagsShape, scatteredSums, segmentSums, segmentsFrom, segmentsGraph } from './embedding.js';
import { index, numeric, op, optional, port } from './op.js';
import { sizesOf } from './sizes.js';

/**
 * Sums or means of table rows by bag: bag b takes indices[offsets[b]..offsets[b + 1]). An empty bag holds row `default_index`, or zeros
 * without one or with -1. Weights go with sums only.
 * Spec: OpenVINO EmbeddingBagOffsets-15.
 */
export const EmbeddingBagOffsets = op('EmbeddingBagOffsets', {
  attributes: { reduction: oneOf(['sum', 'mean'], 'sum') },
  inputs: [
    port('emb_table', numeric, { least: 1 }),
    port('indices', index, 1),
    port('offsets', index, 1),
    optional('default_index', index, 'one'),
    optional('per_sample_weights', numeric, 1),
  ],
  outputs: [port('output', numeric)],
  since: { opset15: {} },

  infer({ emb_table, indices, offsets, per_sample_weights }, { reduction }, ctx) {
    if (per_sample_weights && reduction === 'mean') ctx.fail('weights are for sums only');
    ctx.match(['indices', indices, 'n'], ['per_sample_weights', per_sample_weights, 'n']);
    return {
      type: per_sample_weights ? sameType(ctx, emb_table, per_sample_weights) : emb_table.type,
      shape: bagsShape(emb_table, offsets.shape?.[0] ?? ctx.fresh(0)),
    };
  },

  evaluate({ emb_table, indices, offsets, default_index, per_sample_weights }, { reduction }) {
    const starts = numbersOf(offsets);
    const given = numbersOf(indices);
    return segmentSums(
      emb_table,
      given,
      segmentsFrom(starts, given.length),
      starts.length,
      per_sample_weights,
      default_index && numberOf(default_index),
      reduction === 'mean',
    );
  },

  decompose(g, { emb_table, indices, offsets, default_index, per_sample_weights }, { reduction }) {
    const segments = segmentsGraph(g, indices, offsets);
    const bags = sizesOf(g, offsets)?.[0];
    return segments && bags !== undefined
      ? scatteredSums(g, emb_table, indices, segments, bags, per_sample_weights, default_index, reduction === 'mean')
      : undefined;
  },
});
