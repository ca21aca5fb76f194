import { type Dim, type Shape, broadcastTo } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { broadcastOffsets, broadcastShapes, numberOf, sizeOf } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { sameType } from './elementwise.js';
import { floating, numericOrBoolean, op, optional, port } from './op.js';

/**
 * softmax(scale · query · keyᵀ + mask) · value over the last two axes, [L, E], [S, E] and [S, V]; axes before them are broadcast.
 *
 * A boolean mask keeps where it is true; with `causal` the mask is ignored and row i sees columns up to i. A scalar mask stands for none,
 * so that a scale can follow. The scale is 1/√E when absent.
 * Spec: OpenVINO ScaledDotProductAttention-13.
 */
export const ScaledDotProductAttention = op('ScaledDotProductAttention', {
  attributes: { causal: bool(false) },
  inputs: [
    port('query', floating),
    port('key', floating),
    port('value', floating),
    optional('mask', numericOrBoolean),
    optional('scale', floating, 'one'),
  ],
  outputs: [port('output', floating)],
  since: { opset13: {} },

  infer({ query, key, value, mask, scale }, { causal }, ctx) {
    const type = sameType(ctx, query, key, value, ...(mask && mask.type !== 'boolean' ? [mask] : []), ...(scale ? [scale] : []));
    const shapes = [query.shape, key.shape, value.shape] as const;
    const ends = shapes.map((s) => (s && s.length < 2 ? ctx.fail('query, key and value need two axes') : s?.slice(-2)));
    const [q, k, v] = ends as [Shape, Shape, Shape];
    if (q && k) ctx.requireEqual('lengths of query and key vectors', q[1] as Dim, k[1] as Dim);
    if (k && v) ctx.requireEqual('numbers of keys and values', k[0] as Dim, v[0] as Dim);
    const batch = shapes.map((s) => s?.slice(0, -2) as Shape).reduce((a, b) => ctx.broadcast(a, b));
    if (mask && batch && q && k && !causal && mask.shape?.length !== 0) broadcastTo(ctx, mask.shape, [...batch, q[0] as Dim, k[0] as Dim]);
    return { type, shape: batch && q && v ? [...batch, q[0] as Dim, v[1] as Dim] : undefined };
  },

  evaluate({ query, key, value, mask, scale }, { causal }) {
    const batch = [query, key, value].map((a) => a.shape.slice(0, -2)).reduce((a, b) => broadcastShapes(a, b));
    const [rows, e] = query.shape.slice(-2) as [number, number];
    const [columns, width] = value.shape.slice(-2) as [number, number];
    const factor = scale ? numberOf(scale) : 1 / Math.sqrt(e);
    const shape = [...batch, rows, width];
    const out = emptyElements(query.type, sizeOf(shape)) as Float32Array;
    const masked = mask && !causal && mask.shape.length > 0 ? broadcastOffsets(mask.shape, [...batch, rows, columns]) : undefined;
    const [iq, ik, iv] = [query, key, value].map((a) => broadcastOffsets(a.shape.slice(0, -2), batch)) as [
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    for (let b = 0; b < iq.length; b++) {
      for (let i = 0; i < rows; i++) {
        const logits = Float64Array.from({ length: columns }, (_, j) => {
          if (causal && j > i) return Number.NEGATIVE_INFINITY;
          let dot = 0;
          for (let l = 0; l < e; l++)
            dot +=
              (query.data[((iq[b] as number) * rows + i) * e + l] as number) *
              (key.data[((ik[b] as number) * columns + j) * e + l] as number);
          const m = masked ? Number(mask?.data[masked[(b * rows + i) * columns + j] as number]) : 0;
          return factor * dot + (masked && mask?.type === 'boolean' ? (m ? 0 : Number.NEGATIVE_INFINITY) : m);
        });
        const top = logits.reduce((a, x) => Math.max(a, x), Number.NEGATIVE_INFINITY);
        const weights = logits.map((x) => Math.exp(x - top));
        const sum = weights.reduce((a, x) => a + x, 0);
        for (let v = 0; v < width; v++) {
          out[(b * rows + i) * width + v] =
            weights.reduce((a, w, j) => a + w * (value.data[((iv[b] as number) * columns + j) * width + v] as number), 0) / sum;
        }
      }
    }
    return { type: query.type, shape, data: out };
  },

  decompose(g, { query, key, value, mask, scale }, { causal }) {
    if (query.fact.type === 'dynamic' || !query.fact.shape || (mask && !mask.fact.shape)) return undefined;
    const size = (v: typeof query, axis: number): typeof query => g.gather(g.shapeOf(v), g.scalar(axis, 'i64'), g.scalar(0, 'i64'));
    const e = query.fact.shape[query.fact.shape.length - 1];
    const factor =
      scale ??
      (typeof e === 'number'
        ? g.scalar(1 / Math.sqrt(e), query)
        : g.divide(g.scalar(1, query), g.sqrt(g.cast(size(query, -1), query.fact.type))));
    const none = g.scalar(Number.NEGATIVE_INFINITY, query);
    const logits = g.matMul(g.multiply(query, factor), key, { transpose_b: true });
    const all = (): typeof query => {
      if (causal) {
        const row = g.unsqueeze(g.range(g.scalar(0, 'i64'), size(query, -2), g.scalar(1, 'i64'), { output_type: 'i64' }), g.ints([1]));
        const column = g.range(g.scalar(0, 'i64'), size(key, -2), g.scalar(1, 'i64'), { output_type: 'i64' });
        return g.select(g.greaterEqual(row, column), logits, none);
      }
      if (!mask || mask.fact.shape?.length === 0) return logits;
      return mask.fact.type === 'boolean' ? g.select(mask, logits, none) : g.add(logits, mask);
    };
    return g.matMul(g.softmax(all(), { axis: -1 }), value);
  },
});
