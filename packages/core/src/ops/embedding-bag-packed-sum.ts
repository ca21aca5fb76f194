import { sameType } from './elementwise.js';
import { numbersOf } from '../tensor/nd.js';
import { bagsShape, segmentSums } from './embedding.js';
import { packedBags } from './embedding-bag-packed.js';
import { index, numeric, op, optional, port } from './op.js';

/** EmbeddingBagPacked with sums, under its older name. Spec: OpenVINO EmbeddingBagPackedSum-3. */
export const EmbeddingBagPackedSum = op('EmbeddingBagPackedSum', {
  inputs: [port('emb_table', numeric, { least: 1 }), port('indices', index, 2), optional('per_sample_weights', numeric, 2)],
  outputs: [port('output', numeric)],
  since: { opset3: {} },

  infer({ emb_table, indices, per_sample_weights }, _, ctx) {
    ctx.match(['indices', indices, 'bags each'], ['per_sample_weights', per_sample_weights, 'bags each']);
    const type = per_sample_weights ? sameType(ctx, emb_table, per_sample_weights) : emb_table.type;
    return { type, shape: bagsShape(emb_table, packedBags(ctx, indices)) };
  },

  evaluate({ emb_table, indices, per_sample_weights }) {
    const [bags, each] = indices.shape as [number, number];
    const given = numbersOf(indices);
    return segmentSums(
      emb_table,
      given,
      given.map((_, i) => Math.floor(i / each)),
      bags,
      per_sample_weights,
      undefined,
    );
  },

  decompose: (g, { emb_table, indices, per_sample_weights }) =>
    g.embeddingBagPacked(emb_table, indices, per_sample_weights, { reduction: 'sum' }),
});
