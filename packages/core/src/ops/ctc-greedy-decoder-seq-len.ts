import type { Dim } from '../shape/index.js';
import { Literal } from '../tensor/literal.js';
import { numberOf, numbersOf } from '../tensor/nd.js';
import { bool, elementType } from './attributes.js';
import { bestClass, greedy, greedyGraph } from './ctc-greedy-decoder.js';
import { floating, index, op, optional, port } from './op.js';
import { counting, plus, shapeValue, sizesOf, type Size } from './sizes.js';

/**
 * Greedy decoding of [batch, steps, classes] over each row's length; the blank is the last class when not given. Outputs: classes
 * [batch, steps], filled with -1, and their numbers [batch].
 * Spec: OpenVINO CTCGreedyDecoderSeqLen-6.
 */
export const CTCGreedyDecoderSeqLen = op('CTCGreedyDecoderSeqLen', {
  attributes: { merge_repeated: bool(true), classes_index_type: elementType('i32'), sequence_length_type: elementType('i32') },
  inputs: [port('data', floating, 3), port('sequence_length', index, 1), optional('blank_index', index, 'one')],
  outputs: [port('decoded_classes', index), port('decoded_lengths', index)],
  since: { opset6: {} },

  infer({ data, sequence_length }, { classes_index_type, sequence_length_type }, ctx) {
    if (data.shape && data.shape.length !== 3) ctx.fail(`the data must have rank 3, it has ${data.shape.length}`);
    const rows = [data.shape?.[0], sequence_length.shape?.[0]].filter((d): d is Dim => d !== undefined);
    const batch = rows.length === 0 ? ctx.fresh(0) : rows.reduce((a, b) => ctx.requireEqual('the batch and the number of lengths', a, b));
    return [
      { type: classes_index_type, shape: [batch, data.shape?.[1] ?? ctx.fresh(1)] },
      { type: sequence_length_type, shape: [batch] },
    ];
  },

  evaluate({ data, sequence_length, blank_index }, { merge_repeated, classes_index_type, sequence_length_type }) {
    const [batch, steps, classes] = data.shape as [number, number, number];
    const lengths = numbersOf(sequence_length);
    const blank = blank_index ? numberOf(blank_index) : classes - 1;
    const decoded = Array.from({ length: batch }, (_, b) =>
      greedy(
        (t, c) => Number(data.data[(b * steps + t) * classes + c]),
        Math.min(steps, lengths[b] as number),
        classes,
        blank,
        merge_repeated,
      ),
    );
    const filled = decoded.flatMap((d) => Array.from({ length: steps }, (_, t) => d[t] ?? -1));
    return [
      Literal.from(classes_index_type, [batch, steps], filled).nd(),
      Literal.from(
        sequence_length_type,
        [batch],
        decoded.map((d) => d.length),
      ).nd(),
    ];
  },

  decompose(g, { data, sequence_length, blank_index }, { merge_repeated, classes_index_type, sequence_length_type }) {
    const sizes = sizesOf(g, data);
    if (!sizes) return undefined;
    const [batch, steps, classes] = sizes as [Size, Size, Size];
    const valid = g.less(counting(g, steps), g.unsqueeze(g.cast(sequence_length, 'i64'), g.ints([1])));
    const blank = blank_index ? g.reshape(g.cast(blank_index, 'i64'), g.ints([1])) : shapeValue(g, [plus(g, classes, -1)]);
    const [decoded, counts] = greedyGraph(g, bestClass(g, data), valid, blank, batch, steps, merge_repeated);
    return [g.cast(decoded, classes_index_type), g.cast(counts, sequence_length_type)];
  },
});
