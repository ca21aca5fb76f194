import { CuveeError } from '../errors.js';
import { numbersOf, normalizeAxis, type NdArray } from '../tensor/nd.js';
import { oneOf } from './attributes.js';
import { constantAxes, taken } from './movement.js';
import { any, numericOrBoolean, op, port } from './op.js';

/** Axes from indices, or from a mask of booleans, one per axis. */
const axesFrom = (axes: readonly number[], mode: 'index' | 'mask'): number[] =>
  mode === 'mask' ? axes.flatMap((on, i) => (on ? [i] : [])) : [...axes];

/** Reverses the order along the given axes: indices, or with mode mask one boolean per axis. Spec: OpenVINO Reverse-1. */
export const Reverse = op('Reverse', {
  attributes: { mode: oneOf(['index', 'mask']) },
  inputs: [port('data', any), port('reversed_axes', numericOrBoolean, 1)],
  outputs: [port('output', any)],

  infer({ data, reversed_axes }, { mode }, ctx) {
    const axes = ctx.constants(reversed_axes);
    const { shape } = data;
    if (axes && shape) {
      if (mode === 'mask' && axes.length !== shape.length) ctx.fail(`the mask has ${axes.length} entries for ${shape.length} axes`);
      if (mode === 'index') constantAxes(ctx, reversed_axes, shape.length);
    }
    return { type: data.type, shape };
  },

  evaluate({ data, reversed_axes }, { mode }) {
    if (mode === 'mask' && reversed_axes.data.length !== data.shape.length)
      throw new CuveeError('ARGUMENT_INVALID', `the mask has ${reversed_axes.data.length} entries for ${data.shape.length} axes`);
    const axes = axesFrom(numbersOf(reversed_axes), mode).map((a) => normalizeAxis(a, data.shape.length));
    if (new Set(axes).size !== axes.length) throw new CuveeError('ARGUMENT_INVALID', `axes ${axes.join(',')} repeat`);
    return axes.reduce((x: NdArray, at) => {
      const n = x.shape[at] as number;
      return taken(
        x,
        at,
        Array.from({ length: n }, (_, i) => n - 1 - i),
      );
    }, data);
  },

  decompose(g, { data, reversed_axes }, { mode }) {
    const known = reversed_axes.fact.value;
    if (!known) return undefined;
    const axes = axesFrom(numbersOf(known.nd()), mode);
    if (axes.length === 0) return data;
    // The start is the last place, the stop lies before the first: at or below -2^31, the far end.
    return g.slice(data, g.ints(axes.map(() => -1)), g.ints(axes.map(() => -(2 ** 31))), g.ints(axes.map(() => -1)), g.ints(axes), {});
  },

  traits: { moves: true },
});
