import type { Fact } from '../ir/fact.js';
import { sameType } from './elementwise.js';
import { Literal } from '../tensor/literal.js';
import { numbersOf } from '../tensor/nd.js';
import { int } from './attributes.js';
import { byFallingScore } from './box-deltas.js';
import { floating, op, port } from './op.js';

/** The `max_rois` regions [n, 4] of the highest probability, best first; zeros behind the last. Spec: OpenVINO ExperimentalDetectronTopKROIs-6. */
export const ExperimentalDetectronTopKROIs = op('ExperimentalDetectronTopKROIs', {
  attributes: { max_rois: int(undefined, { min: 0 }) },
  inputs: [port('input_rois', floating, 2), port('rois_probs', floating, 1)],
  outputs: [port('output_rois', floating)],
  since: { opset6: {} },

  infer({ input_rois, rois_probs }, { max_rois }, ctx): Fact {
    ctx.match(['input_rois', input_rois, 'n 4'], ['rois_probs', rois_probs, 'n']);
    return { type: sameType(ctx, input_rois, rois_probs), shape: [max_rois, 4] };
  },

  evaluate({ input_rois, rois_probs }, { max_rois }) {
    const order = byFallingScore(numbersOf(rois_probs), max_rois);
    const values = Array.from({ length: max_rois * 4 }, (_, i) => {
      const from = order[Math.floor(i / 4)];
      return from === undefined ? 0 : Number(input_rois.data[from * 4 + (i % 4)]);
    });
    return Literal.from(input_rois.type, [max_rois, 4], values).nd();
  },

  /** Zero regions of the lowest probability fill up to `max_rois`. */
  decompose(g, { input_rois, rois_probs }, { max_rois }) {
    const none = g.broadcast(g.scalar(-3e38, rois_probs), g.ints([max_rois]), undefined);
    const regions = g.concat([input_rois, g.broadcast(g.scalar(0, input_rois), g.ints([max_rois, 4]), undefined)], { axis: 0 });
    const [, places] = g.topK(g.concat([rois_probs, none], { axis: 0 }), g.constant('i64', [], [max_rois]), {
      axis: 0,
      mode: 'max',
      sort: 'value',
      index_element_type: 'i64',
      stable: true,
    });
    return g.gather(regions, places as typeof input_rois, g.constant('i64', [], [0]));
  },
});
