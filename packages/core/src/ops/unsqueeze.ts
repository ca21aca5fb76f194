import { CuveeError } from '../errors.js';
import type { Dim } from '../shape/index.js';
import { axesIn, constantAxes } from './movement.js';
import { any, index, op, port } from './op.js';

/** Puts axes of size 1 at the given places of the output. Axes count within the output's rank. Spec: OpenVINO Unsqueeze-1. */
export const Unsqueeze = op('Unsqueeze', {
  inputs: [port('data', any), port('axes', index)],
  outputs: [port('output', any)],

  infer({ data, axes }, _, ctx) {
    const { type, shape } = data;
    const given = ctx.constants(axes);
    if (!shape) return { type, shape: undefined };
    const count = given?.length ?? (axes.shape?.length === 0 ? 1 : axes.shape?.[0]);
    if (typeof count !== 'number') return { type, shape: undefined };
    const places = constantAxes(ctx, axes, shape.length + count);
    return { type, shape: places ? withOnes(shape, places) : ctx.freshShape(shape.length + count) };
  },

  evaluate: ({ data, axes }) => ({ ...data, shape: withOnes(data.shape, axesIn(axes, data.shape.length + axes.data.length)) }),

  traits: { moves: true, inPlace: 'data' },
});

function withOnes<D extends Dim>(shape: readonly D[], places: readonly number[]): (D | 1)[] {
  if (new Set(places).size !== places.length) throw new CuveeError('ARGUMENT_INVALID', `axes ${places.join(',')} repeat`);
  const rest = shape[Symbol.iterator]();
  return Array.from({ length: shape.length + places.length }, (_, i) => (places.includes(i) ? 1 : (rest.next().value as D)));
}
