import type { Infer } from '../ir/infer.js';
import type { Fact } from '../ir/fact.js';
import { CuveeError } from '../errors.js';
import { bounds, type Dim } from '../shape/index.js';
import { numbersOf, normalizeAxis, stridedOffsets, stridesOf, type NdArray } from '../tensor/nd.js';
import { constantAxes, picked } from './movement.js';
import { any, index, op, optional, port } from './op.js';

/** First place and number of places of start:stop:step along an axis of `length`. */
export function sliceRange(length: number, start: number, stop: number, step: number): { readonly first: number; readonly count: number } {
  const clamp = (x: number, low: number): number => Math.min(Math.max(x < 0 ? x + length : x, low), step < 0 ? length - 1 : length);
  const first = clamp(start, 0);
  return { first, count: Math.max(0, Math.ceil((clamp(stop, step < 0 ? -1 : 0) - first) / step)) };
}

/** Elements of start:stop:step along each of the given axes. */
export function sliced(
  data: NdArray,
  axes: readonly number[],
  starts: readonly number[],
  stops: readonly number[],
  steps: readonly number[],
): NdArray {
  const shape = [...data.shape];
  const strides = stridesOf(data.shape);
  let offset = 0;
  axes.forEach((axis, i) => {
    const step = steps[i] as number;
    if (step === 0) throw new CuveeError('ARGUMENT_INVALID', `the step along axis ${axis} is 0`);
    const { first, count } = sliceRange(data.shape[axis] as number, starts[i] as number, stops[i] as number, step);
    shape[axis] = count;
    offset += first * (strides[axis] as number);
    (strides[axis] as number) *= step;
  });
  return picked(data, shape, stridedOffsets(shape, strides, offset));
}

/** Length of a slice whose ends or step may only be known at run time. */
export function sliceDim(ctx: Infer, axis: number, n: Dim, start: Dim | undefined, stop: Dim | undefined, step: number | undefined): Dim {
  if (start !== undefined && stop !== undefined && step !== undefined) return ctx.sliceLength(n, start, stop, step);
  return ctx.fresh(axis, [0, Math.max(0, Math.ceil(bounds(n)[1] / Math.abs(step ?? 1)))]);
}

/** Elements that are known, one per axis; undefined for each of the others. */
const known = (ctx: Infer, f: Fact, count: number): readonly (Dim | undefined)[] =>
  ctx.dims(f) ?? new Array<undefined>(count).fill(undefined);

/**
 * data[start:stop:step] along the given axes (all leading ones when absent): negative ends count from the end, ends beyond an axis are
 * clamped, a negative step walks backwards. As in Python, but a start below the first element is the first element backwards, too.
 * Spec: OpenVINO Slice-8.
 */
export const Slice = op('Slice', {
  inputs: [port('data', any), port('start', index, 1), port('stop', index, 1), port('step', index, 1), optional('axes', index, 1)],
  outputs: [port('output', any)],
  since: { opset8: {} },

  infer({ data, start, stop, step, axes }, _, ctx) {
    const { type, shape } = data;
    if (!shape) return { type, shape: undefined };
    const count = [start, stop, step].map((f) => f.shape?.[0]).find((d) => typeof d === 'number') as number | undefined;
    const along = axes
      ? constantAxes(ctx, axes, shape.length)
      : count === undefined
        ? undefined
        : Array.from({ length: count }, (_, i) => i);
    if (!along) return { type, shape: ctx.freshShape(shape.length) };
    for (const [what, f] of Object.entries({ start, stop, step }))
      if (f.shape) ctx.requireEqual(`the numbers of axes and of ${what}`, f.shape[0] as Dim, along.length);
    if (along.length > shape.length) ctx.fail(`${along.length} axes are sliced, the data has ${shape.length}`);
    const steps = ctx.constants(step);
    if (steps?.includes(0)) ctx.fail('a step is 0');
    const starts = known(ctx, start, along.length);
    const stops = known(ctx, stop, along.length);
    const out = [...shape];
    along.forEach((axis, i) => {
      out[axis] = sliceDim(ctx, axis, shape[axis] as Dim, starts[i], stops[i], steps?.[i]);
    });
    return { type, shape: out };
  },

  evaluate({ data, start, stop, step, axes }) {
    const starts = numbersOf(start);
    const along = axes ? numbersOf(axes).map((a) => normalizeAxis(a, data.shape.length)) : starts.map((_, i) => i);
    return sliced(data, along, starts, numbersOf(stop), numbersOf(step));
  },

  traits: { moves: true },
});
