import { selectElement } from '../shape/index.js';
import { staticShape, type Element, type Fact } from '../ir/fact.js';
import { elementsOf } from '../ir/infer.js';
import { broadcastOffsets, broadcastShapes, moved, sizeOf } from '../tensor/nd.js';
import { broadcastAttributes, broadcastRule, sameType } from './elementwise.js';
import { any, boolean, op, port } from './op.js';

/**
 * Where cond holds then, elsewhere else, all broadcast together. With `pdpd` cond and else are broadcast to then.
 * Spec: OpenVINO Select-1.
 */
export const Select = op('Select', {
  attributes: broadcastAttributes,
  inputs: [port('cond', boolean), port('then', any), port('otherwise', any)],
  outputs: [port('output', any)],

  infer({ cond, then, otherwise }, { auto_broadcast }, ctx) {
    const rule = broadcastRule(auto_broadcast);
    const type = sameType(ctx, then, otherwise);
    const shape = ctx.broadcast(ctx.broadcast(cond.shape, then.shape, rule), otherwise.shape, rule);
    const elements = shape && pick(cond, then, otherwise);
    return { type, shape, ...(elements && { elements }) };
  },

  evaluate({ cond, then, otherwise }) {
    const shape = broadcastShapes(broadcastShapes(cond.shape, then.shape), otherwise.shape);
    const [c, t, e] = [cond, then, otherwise].map((a) => broadcastOffsets(a.shape, shape)) as [Int32Array, Int32Array, Int32Array];
    const out = moved(then, shape);
    for (let i = 0; i < out.data.length; i++)
      out.data[i] = (cond.data[c[i] as number] ? then.data[t[i] as number] : otherwise.data[e[i] as number]) as never;
    return out;
  },

  decompose: (g, { cond, then, otherwise }, { auto_broadcast }) =>
    auto_broadcast === 'pdpd' ? g.select(cond, then, otherwise) : undefined,

  traits: { elementwise: true },
});

/** Value facts: a decided condition picks, an open one makes a conditional dimension. */
function pick(...facts: readonly [Fact, Fact, Fact]): readonly Element[] | undefined {
  const shapes = facts.map((f) => staticShape(f.shape));
  const lists = facts.map(elementsOf);
  if (!shapes.every((s) => s !== undefined) || !lists.every((l) => l !== undefined)) return undefined;
  const shape = shapes.reduce(broadcastShapes);
  if (sizeOf(shape) > 64) return undefined;
  const [c, t, e] = shapes.map((s) => broadcastOffsets(s, shape)) as [Int32Array, Int32Array, Int32Array];
  return Array.from(c, (at, i) => selectElement(lists[0]?.[at], lists[1]?.[t[i] as number], lists[2]?.[e[i] as number]));
}
