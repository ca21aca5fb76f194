import type { Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { numberOf, numbersOf, zeros } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { floating, index, op, optional, port } from './op.js';

const logAdd = (a: number, b: number): number => {
  const top = Math.max(a, b);
  return top === Number.NEGATIVE_INFINITY ? top : top + Math.log1p(Math.exp(Math.min(a, b) - top));
};

/** log Σ over alignments of Π probabilities. Alignments put blanks between labels, and with `merge` repeat a label any number of times. */
function logLikelihood(
  logs: (t: number, c: number) => number,
  steps: number,
  labels: readonly number[],
  blank: number,
  merge: boolean,
): number {
  // With merging the states are blank, l0, blank, l1, …; without, state s means that s labels are out.
  const states = merge ? labels.flatMap((l) => [blank, l]).concat(blank) : [blank, ...labels];
  let alpha = new Array<number>(states.length).fill(Number.NEGATIVE_INFINITY);
  alpha[0] = 0;
  for (let t = 0; t < steps; t++) {
    alpha = states.map((label, s) => {
      if (!merge)
        return logAdd((alpha[s] as number) + logs(t, blank), s > 0 ? (alpha[s - 1] as number) + logs(t, label) : Number.NEGATIVE_INFINITY);
      // Before the first step only state 0 exists, as the place in front of the first blank.
      const from =
        t === 0
          ? s < 2
            ? 0
            : Number.NEGATIVE_INFINITY
          : [
              alpha[s],
              s > 0 ? alpha[s - 1] : undefined,
              s > 1 && label !== blank && label !== states[s - 2] ? alpha[s - 2] : undefined,
            ].reduce<number>((sum, a) => (a === undefined ? sum : logAdd(sum, a)), Number.NEGATIVE_INFINITY);
      return from + logs(t, label);
    });
  }
  const end = alpha[states.length - 1] as number;
  return merge && states.length > 1 && steps > 0 ? logAdd(end, alpha[states.length - 2] as number) : end;
}

/**
 * -log of the probability of the labels under connectionist temporal classification, row by row: logits [batch, steps, classes] go
 * through a softmax. The blank is the last class when not given.
 *
 * `preprocess_collapse_repeated` first drops repetitions next to each other in the labels, `unique` all of them. Without
 * `ctc_merge_repeated` every label is emitted in exactly one step.
 * Source: Graves et al., "Connectionist temporal classification", ICML 2006. Spec: OpenVINO CTCLoss-4.
 */
export const CTCLoss = op('CTCLoss', {
  attributes: { preprocess_collapse_repeated: bool(false), ctc_merge_repeated: bool(true), unique: bool(false) },
  inputs: [
    port('logits', floating, 3),
    port('logit_length', index, 1),
    port('labels', index, 2),
    port('label_length', index, 1),
    optional('blank_index', index, 'one'),
  ],
  outputs: [port('loss', floating)],
  since: { opset4: {} },

  infer({ logits, logit_length, labels, label_length }, _, ctx) {
    const rows = [logits, logit_length, labels, label_length].flatMap((f) => (f.shape?.[0] === undefined ? [] : [f.shape[0]]));
    const batch: Dim = rows.length === 0 ? ctx.fresh(0) : rows.reduce((a, b) => ctx.requireEqual('the batch', a, b));
    return { type: logits.type, shape: [batch] };
  },

  evaluate({ logits, logit_length, labels, label_length, blank_index }, a) {
    const [batch, steps, classes] = logits.shape as [number, number, number];
    const blank = blank_index ? numberOf(blank_index) : classes - 1;
    const width = labels.shape[1] as number;
    if (blank < 0 || blank >= classes) throw new CuveeError('ARGUMENT_INVALID', `the blank ${blank} is not one of ${classes} classes`);
    const [all, lengths, counts] = [numbersOf(labels), numbersOf(logit_length), numbersOf(label_length)];
    const out = zeros(logits.type, [batch]);
    for (let b = 0; b < batch; b++) {
      const length = lengths[b] as number;
      if (length < 0 || length > steps || (counts[b] as number) < 0 || (counts[b] as number) > Math.min(length, width))
        throw new CuveeError('ARGUMENT_INVALID', `row ${b} has ${counts[b]} labels and ${length} of ${steps} steps`);
      let wanted = all.slice(b * width, b * width + (counts[b] as number));
      if (a.preprocess_collapse_repeated) wanted = wanted.filter((l, i) => i === 0 || l !== wanted[i - 1]);
      if (a.unique) wanted = [...new Set(wanted)];
      const read = (t: number, c: number): number => Number(logits.data[(b * steps + t) * classes + c]);
      const totals = Array.from({ length }, (_, t) =>
        Array.from({ length: classes }, (__, c) => read(t, c)).reduce(logAdd, Number.NEGATIVE_INFINITY),
      );
      (out.data as Float32Array)[b] = -logLikelihood(
        (t, c) => read(t, c) - (totals[t] as number),
        length,
        wanted,
        blank,
        a.ctc_merge_repeated,
      );
    }
    return out;
  },
});
