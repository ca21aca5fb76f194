import { Model } from '../ir/model.js';
import type { Dim } from '../shape/index.js';
import { moved, numberOf, numbersOf } from '../tensor/nd.js';
import { sameType } from './elementwise.js';
import { place } from './movement.js';
import { numeric, op, port } from './op.js';
import { counting, shapeValue, sizesOf, type Size } from './sizes.js';

/**
 * Beams of a beam search read back from the last step along their parents; inputs are [steps, batch, beam].
 *
 * A beam starts at the smaller of its `max_seq_len` and the number of steps; later steps, and all after the first `end_token`, hold the
 * end token.
 * Spec: OpenVINO GatherTree-1.
 */
export const GatherTree = op('GatherTree', {
  inputs: [
    port('step_ids', numeric, 3),
    port('parent_idx', numeric, 3),
    port('max_seq_len', numeric, 1),
    port('end_token', numeric, 'one'),
  ],
  outputs: [port('final_idx', numeric)],

  infer({ step_ids, parent_idx, max_seq_len, end_token }, _, ctx) {
    const type = sameType(ctx, step_ids, parent_idx, max_seq_len, end_token);
    if (!step_ids.shape || !parent_idx.shape) return { type, shape: step_ids.shape ?? parent_idx.shape };
    if (step_ids.shape.length !== 3 || parent_idx.shape.length !== 3) ctx.fail('step ids and parents must have rank 3');
    const shape = step_ids.shape.map((d, i) => ctx.requireEqual(`dimension ${i} of ids and parents`, d, parent_idx.shape?.[i] as Dim));
    if (max_seq_len.shape) ctx.requireEqual('the batch and the number of lengths', shape[1] as Dim, max_seq_len.shape[0] as Dim);
    return { type, shape };
  },

  evaluate({ step_ids, parent_idx, max_seq_len, end_token }) {
    const [steps, batch, beams] = step_ids.shape as [number, number, number];
    const ids = numbersOf(step_ids);
    const parents = numbersOf(parent_idx);
    const lengths = numbersOf(max_seq_len);
    const end = numberOf(end_token);
    const out = moved(step_ids, step_ids.shape);
    const put = (at: number, value: number): void => {
      out.data[at] = (typeof step_ids.data[0] === 'bigint' ? BigInt(value) : value) as never;
    };
    for (let i = 0; i < out.data.length; i++) put(i, end);
    for (let b = 0; b < batch; b++) {
      const last = Math.min(steps, lengths[b] as number);
      for (let k = 0; k < beams; k++) {
        let beam = k;
        for (let t = last - 1; t >= 0; t--) {
          const from = (t * batch + b) * beams + beam;
          put((t * batch + b) * beams + k, ids[from] as number);
          if (t > 0) beam = place(parents[from] as number, beams);
        }
        let ended = false;
        for (let t = 0; t < last; t++) {
          const at = (t * batch + b) * beams + k;
          if (ended) put(at, end);
          ended ||= Number(out.data[at]) === end;
        }
      }
    }
    return out;
  },

  /** From the last step to the first each beam carries the place that it came from; then all behind an end token is one too. */
  decompose(g, { step_ids, parent_idx, max_seq_len, end_token }) {
    const sizes = sizesOf(g, step_ids);
    if (!sizes) return undefined;
    const [steps, batch, beams] = sizes as [Size, Size, Size];
    const [ids, parents, lengths] = [step_ids, parent_idx, max_seq_len].map((v) => g.cast(v, 'i64')) as [
      typeof step_ids,
      typeof step_ids,
      typeof step_ids,
    ];
    const end = g.reshape(g.cast(end_token, 'i64'), g.ints([1]));
    const active = g.unsqueeze(g.less(g.unsqueeze(counting(g, steps), g.ints([1])), lengths), g.ints([2]));
    const b = g.body();
    const [id, parent, beam, going, last] = [
      b.parameter('i64', '1,?,?', 'id'),
      b.parameter('i64', '1,?,?', 'parent'),
      b.parameter('i64', '1,?,?', 'beam'),
      b.parameter('boolean', '1,?,1', 'active'),
      b.parameter('i64', '1', 'end'),
    ];
    const along = (v: typeof step_ids): typeof step_ids => b.gatherElements(v, beam, { axis: 2 });
    const results = [b.select(going, along(id), last), b.select(going, along(parent), beam)].map((v) => b.result(v));
    const model = new Model({ name: 'step', parameters: [id, parent, beam, going, last].map((v) => v.node), results, scope: b.scope });
    const range = { axis: 0, start: -1, end: 0, stride: -1, partSize: 1 };
    const first = g.broadcast(counting(g, beams), shapeValue(g, [1, batch, beams]), undefined);
    const [walked] = g.tensorIterator([ids, parents, first, active, end], {
      body: model,
      inputs: [
        { external: 0, internal: 0, ...range },
        { external: 1, internal: 1, ...range },
        { external: 2, internal: 2, backEdge: 1 },
        { external: 3, internal: 3, ...range },
        { external: 4, internal: 4 },
      ],
      outputs: [{ external: 0, internal: 0, ...range }],
    }) as [typeof step_ids];
    const ends = g.cast(g.equal(walked, end), 'i64');
    const ended = g.greater(g.cumSum(ends, g.constant('i64', [], [0])), g.ints([0]));
    return g.cast(g.select(ended, end, walked), step_ids.fact.type);
  },
});
