import type { Element, Fact } from '../ir/fact.js';
import { elementsOf } from '../ir/infer.js';
import { add, isExpr, mul, rangeLength, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { isFloat, isInteger } from '../tensor/element.js';
import { Literal } from '../tensor/literal.js';
import type { NdArray } from '../tensor/nd.js';
import { elementType } from './attributes.js';
import { current, numeric, op, port } from './op.js';

/** The one element of a scalar fact, when it is known. */
const scalarDim = (f: Fact): Dim | undefined => {
  const e: Element = isInteger(f.type) ? elementsOf(f)?.[0] : f.value?.size === 1 ? Number(f.value.nd().data[0]) : undefined;
  return typeof e === 'number' || (e !== undefined && isExpr(e)) ? e : undefined;
};

/**
 * start, start + step, … up to but without stop.
 *
 * With an integer output type fractions of the inputs are dropped first. Range-1 has no output type: it takes that of its inputs.
 * Spec: OpenVINO Range-4.
 */
export const Range = op('Range', {
  attributes: { output_type: elementType() },
  inputs: [port('start', numeric, 'one'), port('stop', numeric, 'one'), port('step', numeric, 'one')],
  outputs: [port('output', numeric)],
  since: {
    opset1: {
      attributes: {},
      rebuild: (g, [start, stop, step]) => (start && stop && step ? [g.range(start, stop, step, { output_type: start.fact.type })] : []),
    },
    opset4: current,
  },

  infer({ start, stop, step }, { output_type: type }, ctx) {
    const parts = [start, stop, step].map(scalarDim);
    const [a, b, s] = parts;
    if (a === undefined || b === undefined || s === undefined) {
      const whole = isInteger(type) && [start, stop, step].every((f) => isInteger(f.type));
      const [from, to, by] = whole ? [start, stop, step].map((f) => ctx.dims(f)?.[0]) : [];
      const length =
        from !== undefined && to !== undefined && typeof by === 'number' && by !== 0 ? rangeLength(ctx, from, to, by) : ctx.fresh(0);
      return { type, shape: [length] };
    }
    if (s === 0) return ctx.fail('the step is 0');
    const numbers = [a, b, s].every((d) => typeof d === 'number') ? ([a, b, s] as number[]) : undefined;
    if (numbers && isFloat(type)) return { type, shape: [count(numbers as [number, number, number])] };
    const [from, to, by] = numbers ? numbers.map(Math.trunc) : [a, b, s];
    if (by === 0) return ctx.fail('the step is 0');
    const length = rangeLength(ctx, from as Dim, to as Dim, by as Dim);
    const elements =
      typeof length === 'number' && length <= 64 && isInteger(type)
        ? Array.from({ length }, (_, i) => add(from as Dim, mul(i, by as Dim)))
        : undefined;
    return { type, shape: [length], ...(elements && { elements }) };
  },

  evaluate({ start, stop, step }, { output_type }) {
    const whole = isInteger(output_type);
    const [a, b, s] = [start, stop, step].map((v) => (whole ? Math.trunc(only(v)) : only(v))) as [number, number, number];
    if (s === 0) throw new CuveeError('ARGUMENT_INVALID', 'the step of a range is 0');
    return Literal.from(
      output_type,
      [count([a, b, s])],
      Array.from({ length: count([a, b, s]) }, (_, i) => a + i * s),
    ).nd();
  },
});

const only = (v: NdArray): number => Number(v.data[0]);
const count = ([a, b, s]: readonly [number, number, number]): number => Math.max(0, Math.ceil((b - a) / s));
