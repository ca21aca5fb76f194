import type { Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import type { Builder } from '../opset/builder.js';
import type { Value } from '../ir/node.js';
import { numbersOf } from '../tensor/nd.js';
import { ints } from './attributes.js';
import { place } from './movement.js';
import { any, index, op, optional, port } from './op.js';
import { shapeValue } from './sizes.js';
import { sliced, sliceDim } from './slice.js';

/** What one entry of begin/end/strides does. */
interface Entry {
  readonly kind: 'slice' | 'new' | 'shrink';
  /** Axis of the data; for a new axis that before which it comes. */
  readonly axis: number;
  /** Index into begin, end and strides. */
  readonly at: number;
  readonly fromStart: boolean;
  readonly toEnd: boolean;
}

interface Masks {
  readonly begin_mask: readonly number[];
  readonly end_mask: readonly number[];
  readonly new_axis_mask: readonly number[];
  readonly shrink_axis_mask: readonly number[];
  readonly ellipsis_mask: readonly number[];
}

/** The masks as axes of the data. A 1 in begin_mask or end_mask leaves that end open. */
function entries(m: Masks, count: number, rank: number): readonly Entry[] {
  const on = (mask: readonly number[], i: number): boolean => (mask[i] ?? 0) !== 0;
  const out: Entry[] = [];
  const consumed = (i: number): boolean => !on(m.new_axis_mask, i) && !on(m.ellipsis_mask, i);
  let axis = 0;
  for (let i = 0; i < count; i++) {
    if (on(m.ellipsis_mask, i)) {
      let later = 0;
      for (let k = i + 1; k < count; k++) if (consumed(k)) later++;
      axis = Math.max(axis, rank - later);
    } else if (on(m.new_axis_mask, i)) out.push({ kind: 'new', axis, at: i, fromStart: true, toEnd: true });
    else if (on(m.shrink_axis_mask, i)) out.push({ kind: 'shrink', axis: axis++, at: i, fromStart: on(m.begin_mask, i), toEnd: false });
    else out.push({ kind: 'slice', axis: axis++, at: i, fromStart: on(m.begin_mask, i), toEnd: on(m.end_mask, i) });
  }
  if (axis > rank) throw new CuveeError('SHAPE_MISMATCH', `${axis} axes are sliced, the data has ${rank}`);
  return out;
}

const last = Number.MAX_SAFE_INTEGER;
/** Ends of an entry where the mask leaves them open. */
const open = (step: number): readonly [number, number] => (step < 0 ? [last, -last] : [0, last]);

/** The shape with axes taken out and put in as the entries say. */
function arranged<D>(shape: readonly D[], list: readonly Entry[], one: D): D[] {
  const out: D[] = [];
  shape.forEach((d, axis) => {
    for (const e of list) if (e.kind === 'new' && e.axis === axis) out.push(one);
    if (!list.some((e) => e.kind === 'shrink' && e.axis === axis)) out.push(d);
  });
  for (const e of list) if (e.kind === 'new' && e.axis >= shape.length) out.push(one);
  return out;
}

/**
 * data[begin:end:stride, ...] as in NumPy, with masks: `begin_mask` and `end_mask` leave an end open, `new_axis_mask` puts in an axis of
 * size 1, `shrink_axis_mask` takes the one element at `begin` and drops the axis, `ellipsis_mask` stands for all axes between.
 *
 * Spec: OpenVINO StridedSlice-1.
 */
export const StridedSlice = op('StridedSlice', {
  attributes: { begin_mask: ints([]), end_mask: ints([]), new_axis_mask: ints([]), shrink_axis_mask: ints([]), ellipsis_mask: ints([]) },
  inputs: [port('data', any), port('begin', index), port('end', index), optional('strides', index)],
  outputs: [port('output', any)],

  infer({ data, begin, end, strides }, masks, ctx) {
    const { type, shape } = data;
    const { n: count } = ctx.match(['begin', begin, 'n'], ['end', end, 'n'], ['strides', strides, 'n']);
    if (!shape || typeof count !== 'number') return { type, shape: undefined };
    const list = entries(masks, count, shape.length);
    const begins = ctx.dims(begin);
    const ends = ctx.dims(end);
    const steps = strides ? ctx.constants(strides) : new Array<number>(count).fill(1);
    if (steps?.includes(0)) ctx.fail('a stride is 0');
    const out = [...shape];
    for (const e of list) {
      if (e.kind !== 'slice') continue;
      const step = steps?.[e.at];
      const [from, to] = open(step ?? 1);
      const closed = step !== undefined;
      out[e.axis] = sliceDim(
        ctx,
        e.axis,
        shape[e.axis] as Dim,
        e.fromStart && closed ? from : begins?.[e.at],
        e.toEnd && closed ? to : ends?.[e.at],
        step,
      );
    }
    return { type, shape: arranged<Dim>(out, list, 1) };
  },

  evaluate({ data, begin, end, strides }, masks) {
    const begins = numbersOf(begin);
    const ends = numbersOf(end);
    const steps = strides ? numbersOf(strides) : begins.map(() => 1);
    const list = entries(masks, begins.length, data.shape.length);
    const used = list.filter((e) => e.kind !== 'new');
    const ranges = used.map((e): readonly [number, number, number] => {
      const b = begins[e.at] as number;
      if (e.kind === 'shrink') {
        const p = e.fromStart ? 0 : place(b, data.shape[e.axis] as number);
        return [p, p + 1, 1];
      }
      const step = steps[e.at] as number;
      const [from, to] = open(step);
      return [e.fromStart ? from : b, e.toEnd ? to : (ends[e.at] as number), step];
    });
    const part = sliced(
      data,
      used.map((e) => e.axis),
      ranges.map((r) => r[0]),
      ranges.map((r) => r[1]),
      ranges.map((r) => r[2]),
    );
    return { ...part, shape: arranged(part.shape, list, 1) };
  },

  decompose(g: Builder, { data, begin, end, strides }, masks) {
    const rank = data.fact.shape?.length;
    const count = begin.fact.shape?.[0] ?? end.fact.shape?.[0];
    if (rank === undefined || typeof count !== 'number') return undefined;
    const list = entries(masks, count, rank);
    const used = list.filter((e) => e.kind !== 'new');
    const shrunk = list.filter((e) => e.kind === 'shrink').map((e) => e.axis);
    const steps = strides ? new Bounds(g, strides) : undefined;
    const [begins, ends] = [new Bounds(g, begin), new Bounds(g, end)];
    const ranges = used.map((e): readonly [Bound, Bound, Bound] => {
      const b = e.fromStart && e.kind === 'shrink' ? 0 : begins.at(e.at);
      // The place after the last one, counted from the end, is "to the end" and not 0.
      if (e.kind === 'shrink') return [b, after(g, b), 1];
      const step = steps ? steps.at(e.at) : 1;
      const [from, to] = typeof step === 'number' ? open(step) : openBy(g, step);
      return [e.fromStart ? from : b, e.toEnd ? to : ends.at(e.at), step];
    });
    const all = (i: 0 | 1 | 2): Value =>
      shapeValue(
        g,
        ranges.map((r) => r[i]),
      );
    let out = used.length === 0 ? data : g.slice(data, all(0), all(1), all(2), g.ints(used.map((e) => e.axis)), {});
    if (shrunk.length > 0) out = g.squeeze(out, g.ints(shrunk), {});
    const marks = arranged<number>(new Array<number>(rank).fill(0), list, 1);
    const added = marks.flatMap((d, i) => (d === 1 ? [i] : []));
    return added.length > 0 ? g.unsqueeze(out, g.ints(added), {}) : out;
  },

  traits: { moves: true },
});

/** A number that is known, or an i64 value of one element. */
type Bound = number | Value;

/** The numbers of a list in a graph. */
class Bounds {
  readonly #known: readonly number[] | undefined;
  readonly #wide: () => Value;
  readonly #g: Builder;
  constructor(g: Builder, list: Value) {
    this.#g = g;
    this.#known = list.fact.value && numbersOf(list.fact.value.nd());
    let wide: Value | undefined;
    this.#wide = () => (wide ??= list.fact.type === 'i64' ? list : g.cast(list, 'i64'));
  }
  at(i: number): Bound {
    const g = this.#g;
    return this.#known ? (this.#known[i] as number) : g.slice(this.#wide(), g.ints([i]), g.ints([i + 1]), g.ints([1]), undefined, {});
  }
}

/** The place behind `b`. */
function after(g: Builder, b: Bound): Bound {
  if (typeof b === 'number') return b === -1 ? last : b + 1;
  return g.select(g.equal(b, g.ints([-1])), g.ints([last]), g.add(b, g.ints([1])));
}

/** `open` for a step that only the run tells. */
function openBy(g: Builder, step: Value): readonly [Bound, Bound] {
  const back = g.less(step, g.ints([0]));
  return [g.select(back, g.ints([last]), g.ints([0])), g.select(back, g.ints([-last]), g.ints([last]))];
}
