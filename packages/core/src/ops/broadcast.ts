import { bounds, broadcastTo, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import type { Value } from '../ir/node.js';
import type { Literal } from '../tensor/literal.js';
import { broadcastOffsets, broadcastShapes, numbersOf, sizeOf, type NdArray } from '../tensor/nd.js';
import { oneOf } from './attributes.js';
import { picked } from './movement.js';
import { any, current, index, op, optional, port } from './op.js';

const modes = ['numpy', 'explicit', 'bidirectional', 'pdpd'] as const;

const ascending = (places: readonly number[]): boolean => places.every((p, i) => i === 0 || p > (places[i - 1] as number));

/** The shape with axis i of the data at `places[i]` of the target, ones elsewhere. */
function placed<D>(shape: readonly D[], places: readonly number[], rank: number, one: D): D[] {
  const out = new Array<D>(rank).fill(one);
  shape.forEach((d, i) => {
    out[places[i] as number] = d;
  });
  return out;
}

/**
 * Repeats the data along axes of size 1 and new leading axes until it has the target shape.
 *
 * numpy: axes align at the end. explicit: `axes_mapping[i]` is the target's axis for axis i of the data, ascending. bidirectional: the target's own
 * ones take the data's sizes. pdpd: as numpy, because IR files carry no start axis. Broadcast-1 spells explicit as `none`.
 * Spec: OpenVINO Broadcast-3.
 */
export const Broadcast = op('Broadcast', {
  attributes: { mode: oneOf(modes, 'numpy') },
  inputs: [port('data', any), port('target_shape', index, 1), optional('axes_mapping', index)],
  outputs: [port('output', any)],
  since: {
    opset1: {
      attributes: { mode: oneOf(['numpy', 'none', 'explicit', 'pdpd'], 'numpy') },
      upgrade: ({ mode }) => ({ mode: mode === 'none' ? 'explicit' : mode }),
    },
    opset3: current,
  },

  infer({ data, target_shape, axes_mapping }, { mode }, ctx) {
    const { type, shape } = data;
    if (mode === 'explicit' && !axes_mapping) ctx.fail('the explicit mode needs an axes_mapping');
    const target = ctx.dims(target_shape);
    if (!target) {
      const count = target_shape.shape?.[0];
      const rank = mode === 'bidirectional' ? (shape && typeof count === 'number' ? Math.max(count, shape.length) : undefined) : count;
      return { type, shape: typeof rank === 'number' ? ctx.freshShape(rank) : undefined };
    }
    for (const d of target) if (bounds(d)[1] < 0) ctx.fail(`the target shape has the size ${String(d)}`);
    if (mode === 'bidirectional') return { type, shape: ctx.broadcast(shape, target) };
    if (mode === 'explicit' && shape) {
      const places = axes_mapping && ctx.constants(axes_mapping);
      if (!places) return { type, shape: target };
      if (places.length !== shape.length || places.some((p) => p < 0 || p >= target.length) || !ascending(places))
        ctx.fail(`axes_mapping ${places.join(',')} does not place ${shape.length} axes in ${target.length}`);
      return { type, shape: broadcastTo(ctx, placed<Dim>(shape, places, target.length, 1), target) };
    }
    return { type, shape: broadcastTo(ctx, shape, target) };
  },

  evaluate({ data, target_shape, axes_mapping }, { mode }) {
    const target = numbersOf(target_shape);
    if (target.some((d) => d < 0)) throw new CuveeError('ARGUMENT_INVALID', `the target shape [${target.join(',')}] has a negative size`);
    if (mode === 'bidirectional') return spread(data, broadcastShapes(data.shape, target));
    if (mode === 'explicit' && axes_mapping) {
      const places = numbersOf(axes_mapping);
      if (!ascending(places)) throw new CuveeError('ARGUMENT_INVALID', `axes_mapping ${places.join(',')} must ascend`);
      return spread({ ...data, shape: placed(data.shape, places, target.length, 1) }, target);
    }
    return spread(data, target);
  },

  decompose(g, { data, target_shape, axes_mapping }, { mode }) {
    const rank = target_shape.fact.shape?.[0];
    if (mode === 'explicit') {
      const places = axes_mapping?.fact.value && numbersOf(axes_mapping.fact.value.nd());
      if (!places || typeof rank !== 'number') return undefined;
      const added = Array.from({ length: rank }, (_, i) => i).filter((i) => !places.includes(i));
      return g.broadcast(added.length === 0 ? data : g.unsqueeze(data, g.ints(added), {}), target_shape, undefined, { mode: 'numpy' });
    }
    if (mode === 'pdpd') return g.broadcast(data, target_shape, undefined, { mode: 'numpy' });
    const own = data.fact.shape?.length;
    if (mode !== 'bidirectional' || own === undefined || typeof rank !== 'number') return undefined;
    const grow = (v: typeof target_shape, from: number): typeof target_shape =>
      from < own || from < rank ? g.concat([g.ints(new Array<number>(Math.max(own, rank) - from).fill(1)), v], { axis: 0 }) : v;
    const a = grow(g.shapeOf(data, {}), own);
    const b = grow(g.cast(target_shape, 'i64'), rank);
    return g.broadcast(data, g.select(g.equal(b, g.ints([1])), a, b, {}), undefined, { mode: 'numpy' });
  },

  traits: { moves: true },
});

/** The data repeated to `shape`. Throws SHAPE_MISMATCH where a size is neither 1 nor the target's. */
function spread(data: NdArray, shape: readonly number[]): NdArray {
  const fits =
    data.shape.length <= shape.length && data.shape.every((d, i) => d === 1 || d === shape[i - data.shape.length + shape.length]);
  if (!fits) throw new CuveeError('SHAPE_MISMATCH', `[${data.shape.join(',')}] does not broadcast to [${shape.join(',')}]`);
  if (sizeOf(shape) === 0) return picked(data, shape, []);
  return picked(data, shape, broadcastOffsets(data.shape, shape));
}

/** The one element that a value repeats, where this operation says so: a large constant is not looked at while shapes are inferred. */
export function repeatedElement(value: Value | undefined): Literal | undefined {
  const literal = value?.node.op.name === 'Broadcast' ? value.node.inputs[0]?.fact.value : undefined;
  return literal?.size === 1 ? literal : undefined;
}
