import { sameType } from './elementwise.js';
import { numberOf, numbersOf } from '../tensor/nd.js';
import { bagsShape, segmentSums, segmentsFrom } from './embedding.js';
import { index, numeric, op, optional, port } from './op.js';

/** EmbeddingBagOffsets with sums, under its older name. Spec: OpenVINO EmbeddingBagOffsetsSum-3. */
export const EmbeddingBagOffsetsSum = op('EmbeddingBagOffsetsSum', {
  inputs: [
    port('emb_table', numeric, { least: 1 }),
    port('indices', index, 1),
    port('offsets', index, 1),
    optional('default_index', index, 'one'),
    optional('per_sample_weights', numeric, 1),
  ],
  outputs: [port('output', numeric)],
  since: { opset3: {} },

  infer({ emb_table, indices, offsets, per_sample_weights }, _, ctx) {
    ctx.match(['indices', indices, 'n'], ['per_sample_weights', per_sample_weights, 'n']);
    const type = per_sample_weights ? sameType(ctx, emb_table, per_sample_weights) : emb_table.type;
    return { type, shape: bagsShape(emb_table, offsets.shape?.[0] ?? ctx.fresh(0)) };
  },

  evaluate({ emb_table, indices, offsets, default_index, per_sample_weights }) {
    const starts = numbersOf(offsets);
    const given = numbersOf(indices);
    return segmentSums(
      emb_table,
      given,
      segmentsFrom(starts, given.length),
      starts.length,
      per_sample_weights,
      default_index && numberOf(default_index),
    );
  },

  decompose: (g, { emb_table, indices, offsets, default_index, per_sample_weights }) =>
    g.embeddingBagOffsets(emb_table, indices, offsets, default_index, per_sample_weights, { reduction: 'sum' }),
});
