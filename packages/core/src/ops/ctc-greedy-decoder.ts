import type { Dim } from '../shape/index.js';
import { zeros, type NdArray } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { floating, numeric, op, port } from './op.js';

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

/**
 * Greedy decoding of [steps, batch, classes], the last class being the blank, up to the first 0 of the mask [steps, batch]. Output
 * [batch, steps, 1, 1], filled with -1.
 * Spec: OpenVINO CTCGreedyDecoder-1.
 */
export const CTCGreedyDecoder = op('CTCGreedyDecoder', {
  attributes: { ctc_merge_repeated: bool(true) },
  inputs: [port('data', floating), port('sequence_mask', numeric)],
  outputs: [port('output', floating)],

  infer({ data, sequence_mask }, _, ctx) {
    const x = data.shape ?? (sequence_mask.shape && [...sequence_mask.shape, ctx.fresh(2)]);
    if (!x) return { type: data.type, shape: [ctx.fresh(0), ctx.fresh(1), 1, 1] };
    if (x.length !== 3) ctx.fail(`the data must have rank 3, it has ${x.length}`);
    const [steps, batch] = [0, 1].map((i) => ctx.requireEqual(`dimension ${i} of data and mask`, x[i] as Dim, sequence_mask.shape?.[i] ?? (x[i] as Dim)));
    return { type: data.type, shape: [batch as Dim, steps as Dim, 1, 1] };
  },

  evaluate({ data, sequence_mask }, { ctc_merge_repeated }): NdArray {
    const [steps, batch, classes] = data.shape as [number, number, number];
    const out = zeros(data.type, [batch, steps, 1, 1]);
    (out.data as Float32Array).fill(-1);
    for (let b = 0; b < batch; b++) {
      let length = 0;
      while (length < steps && Number(sequence_mask.data[length * batch + b]) !== 0) length++;
      greedy((t, c) => Number(data.data[(t * batch + b) * classes + c]), length, classes, classes - 1, ctc_merge_repeated)
        .forEach((c, i) => { (out.data as Float32Array)[b * steps + i] = c; });
    }
    return out;
  },
});
