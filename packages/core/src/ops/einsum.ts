import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import type { Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { sizeOf, stridedOffsets, stridesOf } from '../tensor/nd.js';
import { text } from './attributes.js';
import { isWide, sameType } from './elementwise.js';
import { isBatch, parseEquation } from './equation.js';
import { many, numeric, op, port } from './op.js';

/**
 * Einstein summation: products of the operands' elements, summed over every label that the result does not have.
 * A label twice in one operand takes its diagonal; axes of the ellipsis are broadcast.
 * Spec: OpenVINO Einsum-7.
 */
export const Einsum = op('Einsum', {
  attributes: { equation: text() },
  inputs: [many('inputs', numeric)],
  outputs: [port('output', numeric)],
  since: { opset7: {} },

  infer({ inputs }, { equation }, ctx) {
    const type = sameType(ctx, ...inputs);
    const shapes = inputs.map((f) => f.shape);
    if (!shapes.every((s) => s !== undefined)) return { type, shape: undefined };
    const { operands, result } = parseEquation(
      equation,
      shapes.map((s) => s.length),
    );
    const dims = new Map<string, Dim>();
    operands.forEach((labels, k) =>
      labels.forEach((label, axis) => {
        const [known, d] = [dims.get(label), shapes[k]?.[axis] as Dim];
        if (known === undefined) dims.set(label, d);
        else dims.set(label, isBatch(label) ? (ctx.broadcast([known], [d])?.[0] as Dim) : ctx.requireEqual(`axes "${label}"`, known, d));
      }),
    );
    return { type, shape: result.map((l) => dims.get(l) as Dim) };
  },

  evaluate({ inputs }, { equation }) {
    const { operands, result } = parseEquation(
      equation,
      inputs.map((a) => a.shape.length),
    );
    const sizes = new Map<string, number>();
    operands.forEach((labels, k) =>
      labels.forEach((l, axis) => {
        const d = inputs[k]?.shape[axis] as number;
        sizes.set(l, sizes.has(l) && d === 1 ? (sizes.get(l) as number) : d);
      }),
    );
    const size = (labels: readonly string[]): number[] => labels.map((l) => sizes.get(l) as number);
    const summed = [...sizes.keys()].filter((l) => !result.includes(l));
    // Step of each operand along a label: axes that are broadcast do not move, a repeated label moves along all of its axes.
    const offsets = (labels: readonly string[]): Int32Array[] =>
      operands.map((own, k) => {
        const shape = inputs[k]?.shape as readonly number[];
        const strides = stridesOf(shape);
        return stridedOffsets(
          size(labels),
          labels.map((l) =>
            own.reduce((s, o, axis) => s + (o === l && (shape[axis] !== 1 || sizes.get(l) === 1) ? (strides[axis] as number) : 0), 0),
          ),
        );
      });
    const [outer, inner] = [offsets(result), offsets(summed)];
    const type = inputs[0]?.type ?? 'f32';
    const shape = size(result);
    const out = emptyElements(type, sizeOf(shape)) as unknown as (number | bigint)[];
    const terms = sizeOf(size(summed));
    for (let i = 0; i < out.length; i++) {
      let [sum, wide] = [0, 0n];
      for (let t = 0; t < terms; t++) {
        const read = (k: number): never =>
          inputs[k]?.data[((outer[k] as Int32Array)[i] as number) + ((inner[k] as Int32Array)[t] as number)] as never;
        if (isWide(type)) wide += inputs.reduce((p, _, k) => p * (read(k) as bigint), 1n);
        else sum += inputs.reduce((p, _, k) => p * (read(k) as number), 1);
      }
      out[i] = isWide(type) ? wide : sum;
    }
    return { type, shape, data: out as never };
  },

  decompose(g, { inputs }, { equation }) {
    const ranks = inputs.map((v) => v.fact.shape?.length);
    if (!ranks.every((r) => r !== undefined)) return undefined;
    const { operands, result } = parseEquation(equation, ranks);
    const terms = inputs.map((value, k): Term => diagonal(g, { value, labels: operands[k] as readonly string[] }));
    let joined = terms[0] as Term;
    for (let k = 1; k < terms.length; k++) {
      const later = new Set([...result, ...terms.slice(k + 1).flatMap((t) => t.labels)]);
      joined = contract(g, joined, terms[k] as Term, later);
    }
    const last = sumOut(g, joined, new Set(result));
    return ordered(g, last, result).value;
  },
});

/** A value with a label for each axis. */
interface Term {
  readonly value: Value;
  readonly labels: readonly string[];
}

/** Of axes with the same label the diagonal: everything else is set to 0, and one of the two axes summed. */
function diagonal(g: Builder, term: Term): Term {
  const { value, labels } = term;
  const second = labels.findIndex((l, i) => labels.indexOf(l) < i);
  if (second < 0) return term;
  const first = labels.indexOf(labels[second] as string);
  const places = (axis: number): Value => {
    const size = sizesOf(g, value, [axis]) as Value;
    const d = value.fact.shape?.[axis];
    const all =
      typeof d === 'number'
        ? g.ints(Array.from({ length: d }, (_, i) => i))
        : g.range(g.scalar(0, 'i64'), g.squeeze(size, g.ints([0])), g.scalar(1, 'i64'), { output_type: 'i64' });
    return g.unsqueeze(all, g.ints(labels.flatMap((_, i) => (i === axis ? [] : [i]))));
  };
  const own = g.select(g.equal(places(first), places(second)), value, g.scalar(0, value));
  return diagonal(g, { value: g.reduceSum(own, g.ints([second])), labels: labels.filter((_, i) => i !== second) });
}

/** Sums over the labels that nobody needs. */
function sumOut(g: Builder, { value, labels }: Term, needed: ReadonlySet<string>): Term {
  const axes = labels.flatMap((l, i) => (needed.has(l) ? [] : [i]));
  if (axes.length === 0) return { value, labels };
  return { value: g.reduceSum(value, g.ints(axes)), labels: labels.filter((l) => needed.has(l)) };
}

/** Axes in the order of `labels`; labels that the term lacks become axes of length 1. */
function ordered(g: Builder, { value, labels: own }: Term, labels: readonly string[]): Term {
  const missing = labels.filter((l) => !own.includes(l));
  const wide = missing.length > 0 ? g.unsqueeze(value, g.ints(missing.map((_, i) => own.length + i))) : value;
  const from = [...own, ...missing];
  const order = labels.map((l) => from.indexOf(l));
  return { value: order.every((axis, i) => axis === i) ? wide : g.transpose(wide, g.ints(order)), labels };
}

/** Product of two terms with the labels summed that nobody needs later, as one MatMul: [batch, rows, inner] · [batch, inner, columns]. */
function contract(g: Builder, left: Term, right: Term, later: ReadonlySet<string>): Term {
  const a = sumOut(g, left, new Set([...later, ...right.labels]));
  const b = sumOut(g, right, new Set([...later, ...left.labels]));
  const shared = a.labels.filter((l) => b.labels.includes(l));
  const dots = [...new Set([...a.labels, ...b.labels].filter(isBatch))];
  const batch = [...dots, ...shared.filter((l) => later.has(l) && !isBatch(l))];
  const inner = shared.filter((l) => !later.has(l) && !isBatch(l));
  const rows = a.labels.filter((l) => !batch.includes(l) && !inner.includes(l));
  const columns = b.labels.filter((l) => !batch.includes(l) && !inner.includes(l));
  const x = ordered(g, a, [...batch, ...rows, ...inner]).value;
  const y = ordered(g, b, [...batch, ...inner, ...columns]).value;
  const singles = batch.map((_, i) => [i]);
  const span = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);
  const n = batch.length;
  const product = g.matMul(
    merged(g, x, [...singles, span(n, rows.length), span(n + rows.length, inner.length)]),
    merged(g, y, [...singles, span(n, inner.length), span(n + inner.length, columns.length)]),
  );
  if (rows.length === 1 && columns.length === 1) return { value: product, labels: [...batch, ...rows, ...columns] };
  const sizes = [
    sizesOf(g, product, span(0, n)),
    sizesOf(g, x, span(n, rows.length)),
    sizesOf(g, y, span(n + inner.length, columns.length)),
  ];
  const known = sizes.filter((s) => s !== undefined);
  const pattern = known.length === 0 ? g.ints([]) : g.concat(known, { axis: 0 });
  return { value: g.reshape(product, pattern), labels: [...batch, ...rows, ...columns] };
}

/** Sizes of some axes as a 1-D value; undefined for no axes. */
function sizesOf(g: Builder, value: Value, axes: readonly number[]): Value | undefined {
  if (axes.length === 0) return undefined;
  const dims = axes.map((axis) => value.fact.shape?.[axis]);
  if (dims.every((d) => typeof d === 'number')) return g.ints(dims);
  return g.gather(g.shapeOf(value), g.ints(axes), g.scalar(0, 'i64'));
}

/** Each group of neighbouring axes as one axis; an empty group is an axis of length 1. */
function merged(g: Builder, value: Value, groups: readonly (readonly number[])[]): Value {
  if (groups.every((group) => group.length === 1)) return value;
  const sizes = groups.map((group) => {
    const list = sizesOf(g, value, group);
    return list === undefined ? g.ints([1]) : group.length === 1 ? list : g.reduceProd(list, g.ints([0]), { keep_dims: true });
  });
  return g.reshape(value, g.concat(sizes, { axis: 0 }));
}
