import { sameType } from './elementwise.js';
import { numberOf, numbersOf } from '../tensor/nd.js';
import { bagsShape, scatteredSums, segmentSums } from './embedding.js';
import { index, numeric, op, optional, port } from './op.js';
import { knownScalar } from './top-k.js';

/**
 * Sums of table rows by segment: row indices[i], times its weight, is added to segment segment_ids[i]. A segment of none holds row
 * `default_index`, or zeros without one or with -1.
 * Spec: OpenVINO EmbeddingSegmentsSum-3.
 */
export const EmbeddingSegmentsSum = op('EmbeddingSegmentsSum', {
  inputs: [
    port('emb_table', numeric, { least: 1 }),
    port('indices', index, 1),
    port('segment_ids', index, 1),
    port('num_segments', index, 'one'),
    optional('default_index', index, 'one'),
    optional('per_sample_weights', numeric, 1),
  ],
  outputs: [port('output', numeric)],
  since: { opset3: {} },

  infer({ emb_table, indices, segment_ids, num_segments, per_sample_weights }, _, ctx) {
    ctx.match(['indices', indices, 'n'], ['segment_ids', segment_ids, 'n'], ['per_sample_weights', per_sample_weights, 'n']);
    return {
      type: per_sample_weights ? sameType(ctx, emb_table, per_sample_weights) : emb_table.type,
      shape: bagsShape(emb_table, knownScalar(num_segments) ?? ctx.fresh(0)),
    };
  },

  evaluate({ emb_table, indices, segment_ids, num_segments, default_index, per_sample_weights }) {
    return segmentSums(
      emb_table,
      numbersOf(indices),
      numbersOf(segment_ids),
      numberOf(num_segments),
      per_sample_weights,
      default_index && numberOf(default_index),
    );
  },

  decompose(g, { emb_table, indices, segment_ids, num_segments, default_index, per_sample_weights }) {
    const known = knownScalar(num_segments.fact);
    const bags = typeof known === 'number' ? known : g.reshape(g.cast(num_segments, 'i64'), g.ints([1]), {});
    return scatteredSums(g, emb_table, indices, g.cast(segment_ids, 'i64'), bags, per_sample_weights, default_index);
  },
});
