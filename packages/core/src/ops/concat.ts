import { add, type Dim } from '../shape/index.js';
import { moved, normalizeAxis, sizeOf } from '../tensor/nd.js';
import { int } from './attributes.js';
import { sameType } from './elementwise.js';
import { any, many, op, port } from './op.js';

/** Joins tensors along one axis; the other dimensions must be equal. Spec: OpenVINO Concat-1. */
export const Concat = op('Concat', {
  attributes: { axis: int() },
  inputs: [many('inputs', any)],
  outputs: [port('output', any)],

  infer({ inputs }, { axis }, ctx) {
    if (inputs.length === 0) ctx.fail('at least one input is needed');
    const type = sameType(ctx, ...inputs);
    const known = inputs.flatMap((f) => (f.shape ? [f.shape] : []));
    const first = known[0];
    if (!first) return { type, shape: undefined };
    const at = normalizeAxis(axis, first.length);
    const shape = known.reduce((sum, next) => {
      if (next.length !== sum.length) return ctx.fail(`ranks differ: ${sum.length} and ${next.length}`);
      return sum.map((d, i) => (i === at ? add(d, next[i] as Dim) : ctx.requireEqual(`dimension ${i}`, d, next[i] as Dim)));
    });
    return { type, shape: known.length === inputs.length ? shape : shape.map((d, i) => (i === at ? ctx.fresh(i) : d)) };
  },

  evaluate({ inputs }, { axis }) {
    const [first] = inputs as [(typeof inputs)[number]];
    const at = normalizeAxis(axis, first.shape.length);
    const length = inputs.reduce((sum, a) => sum + (a.shape[at] as number), 0);
    const out = moved(
      first,
      first.shape.map((d, i) => (i === at ? length : d)),
    );
    const outer = sizeOf(first.shape.slice(0, at));
    let to = 0;
    for (let o = 0; o < outer; o++) {
      for (const a of inputs) {
        const run = sizeOf(a.shape.slice(at));
        for (let i = 0; i < run; i++) out.data[to++] = a.data[o * run + i] as never;
      }
    }
    return out;
  },

  traits: { moves: true, mixes: ({ axis }, rank) => [normalizeAxis(axis as number, rank)] },
});
