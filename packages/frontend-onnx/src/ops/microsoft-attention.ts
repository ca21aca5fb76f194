/** Attention operators of com.microsoft. Meaning after its ContribOperators.md. */
import type { Builder, Value } from '@cuvee/core';
import { counting, dimOf, i64, like, listOf, rankOf, sizeAt, sizesOf, sliced, times, timesRows, unsqueezed } from '../build.js';
import { along, bias as maskBias, cached, capped, groupSize, packed, repeatedHeads, rotated, unpacked } from '../heads.js';
import { takes, type OnnxNode, type OnnxOp } from '../node.js';
import { dequantised } from './microsoft-quantize.js';

type Node = Pick<OnnxNode<0>, 'g' | 'attr' | 'invalid' | 'unsupported'>;

/** softmax(scale Q Kᵀ + what is added) V, all [batch, heads, length, size]. */
function attended(node: Node, q: Value, k: Value, v: Value, added: readonly (Value | undefined)[], cap = 0): Value {
  const { g, attr } = node;
  const size = dimOf(q, 3),
    given = attr.float('scale', 0);
  const usual = (): Value =>
    size === undefined ? g.power(g.cast(sizeAt(g, q, 3), q.fact.type), like(g, q, -0.5)) : like(g, q, 1 / Math.sqrt(size));
  const product = timesRows(g, q, k);
  const scores = g.multiply(product, given === 0 ? usual() : like(g, q, given));
  const sum = added.reduce<Value>((s, part) => (part ? g.add(s, part) : s), capped(g, scores, cap));
  return times(g, g.softmax(sum, { axis: -1 }), v);
}

/** What a mask of 0 and 1, or of lengths, adds to scores [batch, heads, length, keys]: `mask_filter_value` where it is 0. */
function masked(node: Node, mask: Value | undefined, q: Value, k: Value): Value | undefined {
  if (!mask) return undefined;
  const { g, attr } = node;
  const rank = rankOf(node, mask);
  const shut = attr.float('mask_filter_value', -10000);
  const adding = (open: Value): Value => g.select(open, like(g, q, 0), like(g, q, shut));
  if (rank === 2 || rank === 3) return unsqueezed(g, adding(g.notEqual(mask, like(g, mask, 0))), rank === 2 ? [1, 2] : [1]);
  const [count, batch] = [dimOf(mask, 0), dimOf(q, 0)];
  if (rank !== 1 || (count !== undefined && batch !== undefined && count !== batch && count !== 2 * batch))
    throw node.unsupported(`a mask of shape [${mask.fact.shape?.join(',') ?? ''}]`);
  const keys = along(g, counting(g, sizeAt(g, k, 2)), 3, 4);
  const ends = g.reshape(g.cast(mask, 'i64'), g.concat([g.ints([-1]), sizesOf(g, q, [0])], { axis: 0 }), { special_zero: false });
  const row = (i: number): Value => unsqueezed(g, g.gather(ends, i64(g, i), i64(g, 0)), [1, 2, 3]);
  const before = g.less(keys, row(0));
  if (count !== undefined && count === batch) return adding(before);
  // ends, and perhaps starts
  const rows = sizeAt(g, ends, 0);
  const last = unsqueezed(g, g.gather(ends, g.subtract(rows, i64(g, 1)), i64(g, 0)), [1, 2, 3]);
  const starts = g.select(g.greater(rows, i64(g, 1)), last, i64(g, 0));
  return adding(g.logicalAnd(before, g.greaterEqual(keys, starts)));
}

/** Queries see keys up to their own place, which is counted from the end of the keys. */
function causal({ g }: Node, q: Value, k: Value): Value {
  const behind = g.subtract(sizeAt(g, k, 2), sizeAt(g, q, 2));
  const rows = g.add(along(g, counting(g, sizeAt(g, q, 2)), 2, 4), behind);
  return maskBias(g, g.lessEqual(along(g, counting(g, sizeAt(g, k, 2)), 3, 4), rows), q);
}

/** Inputs x [B, T, in], weights [in, q + k + v], bias, mask, past [2, B, heads, P, size], bias of the scores. */
function attention(node: OnnxNode<2>, x: Value, weights: Value, bias: Value | undefined, mask: Value | undefined, past: Value | undefined) {
  const { g, attr, inputs } = node;
  const heads = attr.int('num_heads');
  if (attr.bool('do_rotary') || attr.bool('past_present_share_buffer')) throw node.unsupported('rotation, or a cache of fixed size');
  const width = dimOf(weights, 1) ?? dimOf(bias ?? weights, 0);
  if (width === undefined) throw node.unsupported('weights of unknown size');
  const sizes = attr.ints('qkv_hidden_sizes', [width / 3, width / 3, width / 3]);
  const product = times(g, x, weights);
  const all = bias ? g.add(product, bias) : product;
  const [q, k, v] = (g.variadicSplit(all, i64(g, 2), g.ints(sizes)) as readonly Value[]).map((part) => unpacked(g, part, heads)) as [
    Value,
    Value,
    Value,
  ];
  const before = (i: number): Value => g.gather(past as Value, i64(g, i), i64(g, 0));
  const keys = past ? g.concat([before(0), k], { axis: 2 }) : k,
    values = past ? g.concat([before(1), v], { axis: 2 }) : v;
  const added = [masked(node, mask, q, keys), attr.bool('unidirectional') ? causal(node, q, keys) : undefined];
  const y = packed(g, attended(node, q, keys, values, [...added, node.op === 'Attention' ? inputs[5] : undefined]));
  const both = (): Value => g.concat([g.unsqueeze(keys, g.ints([0])), g.unsqueeze(values, g.ints([0]))], { axis: 0 });
  return [y, node.wants(1) ? both() : undefined];
}

export const Attention: OnnxOp<2> = takes('ssooooo>so', (node) => {
  const [x, weights, bias, mask, past] = node.inputs;
  return attention(node, x, weights, bias, mask, past);
});

/** Attention with x and the weights in 8 bits. Inputs: x, weights, bias, their scales, mask, their zero points, past. */
export const QAttention: OnnxOp<4> = takes('sssssoooo>so', (node) => {
  const [x, weights, bias, xs, ws, mask, xz, wz, past] = node.inputs as readonly Value[] as readonly [Value, Value, ...Value[]];
  const real = [dequantised(node, x, xs as Value, xz), dequantised(node, weights, ws as Value, wz)] as const;
  return attention(node as unknown as OnnxNode<2>, ...real, bias, mask, past);
});

/** Queries, keys and values of MultiHeadAttention as [batch, heads, length, size]: apart, or packed as [B, T, heads, 3 or 2, size]. */
function threeOf(node: OnnxNode, heads: number): readonly [Value, Value, Value] {
  const { g, inputs } = node;
  const [query, key, value, bias] = inputs;
  const place = (x: Value, i: number): Value => g.transpose(g.gather(x, i64(g, i), i64(g, 3)), g.ints([0, 2, 1, 3]));
  if (rankOf(node, query) === 5) return [place(query, 0), place(query, 1), place(query, 2)];
  const part = (x: Value, from: number): Value => {
    const width = dimOf(x, 2);
    if (rankOf(node, x) === 4) return x;
    if (bias && width === undefined) throw node.unsupported('a bias for a width that only the run tells');
    return unpacked(g, bias && width !== undefined ? g.add(x, sliced(g, bias, 0, from, from + width)) : x, heads);
  };
  const hidden = dimOf(query, 2) ?? 0;
  if (key && rankOf(node, key) === 5) return [part(query, 0), place(key, 0), place(key, 1)];
  if (!key || !value) throw node.unsupported('packed queries, keys and values');
  return [part(query, 0), part(key, hidden), part(value, hidden + (dimOf(key, 2) ?? 0))];
}

/** Query, key, value, an optional bias of all three, a mask of keys, what is added to the scores, and a cache. */
export const MultiHeadAttention: OnnxOp = takes('soooooooo>soo', (node) => {
  const { g, inputs, attr } = node;
  const heads = attr.int('num_heads');
  const [q, newKey, newValue] = threeOf(node, heads);
  const [padding, added, pastKey, pastValue] = inputs.slice(4);
  const [k, v] = [cached(g, pastKey, newKey), cached(g, pastValue, newValue)];
  const order = attr.bool('unidirectional') ? causal(node, q, k) : undefined;
  const y = packed(g, attended(node, q, k, v, [masked(node, padding, q, k), added, order]));
  return [y, node.wants(1) ? k : undefined, node.wants(2) ? v : undefined];
});

/** All [batch, heads, length, size]: the first elements of each head turned by angles of their positions [batch, length]. */
function turned({ g, attr, unsupported }: Node, x: Value, positions: Value, cos: Value, sin: Value, interleaved: boolean): Value {
  const half = dimOf(cos, 1);
  if (half === undefined) throw unsupported('tables of unknown size');
  const angle = (table: Value): Value => g.unsqueeze(g.gather(table, positions, i64(g, 0)), g.ints([1]));
  if (dimOf(x, 3) === undefined && attr.int('rotary_embedding_dim', 0) === 0) {
    const sized = g.reshape(x, g.ints([0, 0, 0, 2 * half]), { special_zero: true });
    return rotated(g, sized, 2 * half, angle(cos), angle(sin), interleaved);
  }
  return rotated(g, x, 2 * half, angle(cos), angle(sin), interleaved);
}

/** Positions come before the tables, and may be one number from which they count. */
export const RotaryEmbedding: OnnxOp<4> = takes('ssss>s', (node) => {
  const { g, attr } = node;
  const [x, positions, cos, sin] = node.inputs;
  const flat = rankOf(node, x) === 3;
  const [width, half, heads] = [dimOf(x, -1), dimOf(cos, 1), attr.int('num_heads', 0)];
  if (flat && heads === 0 && (width === undefined || half === undefined)) throw node.unsupported('a size that only the run tells');
  const split = flat ? unpacked(g, x, heads || (width ?? 0) / (2 * (half ?? 1))) : x;
  const start = (): Value => g.unsqueeze(g.add(positions, counting(g, sizeAt(g, split, 2))), g.ints([0]));
  const y = turned(node, split, rankOf(node, positions) === 1 ? start() : positions, cos, sin, attr.bool('interleaved'));
  return flat ? packed(g, y) : y;
});

/** The cache with the new part behind the `before` entries [B, 1] that are in use, [B, heads, P + T, size]; entries of a batch may be less. */
function appended({ g }: Node, past: Value, now: Value, before: Value): Value {
  const joined = g.concat([past, now], { axis: 2 });
  if (dimOf(past, 0) === 1 || dimOf(past, 2) === 0) return joined;
  const place = g.unsqueeze(counting(g, sizeAt(g, joined, 2)), g.ints([0]));
  const moved = g.add(place, g.subtract(sizeAt(g, past, 2), before));
  const from = g.select(g.less(place, before), place, g.minimum(moved, g.subtract(sizeAt(g, joined, 2), i64(g, 1))));
  return g.gather(joined, from, i64(g, 2), { batch_dims: 1 });
}

/** Keys up to the query's own place, and with a window only the last ones before it; `before` [B, 1] keys were there already. */
function visible({ g, attr }: Node, q: Value, k: Value, before: Value): Value {
  const rows = g.add(unsqueezed(g, before, [2, 3]), along(g, counting(g, sizeAt(g, q, 2)), 2, 4));
  const keys = along(g, counting(g, sizeAt(g, k, 2)), 3, 4);
  const window = attr.int('local_window_size', -1);
  const past = g.lessEqual(keys, rows);
  const open = window < 0 ? past : g.logicalAnd(past, g.greater(keys, g.subtract(rows, i64(g, window))));
  return maskBias(g, open, q);
}

/**
 * Several query heads share each key head. Inputs: query (or all three packed), key, value, past key and value, lengths less one [B],
 * total length, tables of cosines and sines, positions, what is added to the scores.
 */
export const GroupQueryAttention: OnnxOp = takes('soooosooooooooo>soooo', (node) => {
  const { g, inputs, attr } = node;
  const [, , , pastKey, pastValue, lengths, , cos, sin, positions, added] = inputs;
  if (!pastKey || !pastValue || !lengths || inputs[11] || attr.int('smooth_softmax', 0) === 1)
    throw node.unsupported('this form of cache or softmax');
  const { q, k, v, times } = groupedHeads(node);
  const before = inUse(g, lengths, q);
  const places = positions ?? g.add(before, g.unsqueeze(counting(g, sizeAt(g, q, 2)), g.ints([0])));
  const turn = (x: Value): Value =>
    attr.bool('do_rotary') && cos && sin ? turned(node, x, places, cos, sin, attr.bool('rotary_interleaved')) : x;
  const [keys, values] = [appended(node, pastKey, turn(k), before), appended(node, pastValue, v, before)];
  const [all, allValues] = [repeatedHeads(g, keys, times), repeatedHeads(g, values, times)];
  const y = attended(node, turn(q), all, allValues, [visible(node, q, keys, before), added], attr.float('softcap', 0));
  return [packed(g, y), keys, values];
});

/** Query, key and value, apart or packed in the first input, as [batch, heads, length, size], and how many query heads share a key head. */
function groupedHeads(node: OnnxNode) {
  const { g, attr } = node;
  const [query, key, value] = node.inputs;
  const [heads, keyHeads] = [attr.int('num_heads'), attr.int('kv_num_heads')];
  const times = groupSize(node, heads, keyHeads);
  const width = dimOf(query, 2);
  if (width === undefined && !key) throw node.unsupported('a width that only the run tells');
  const sizes = [heads, keyHeads, keyHeads].map((n) => (n * (width ?? 0)) / (heads + 2 * keyHeads));
  const parts = key && value ? [query, key, value] : g.variadicSplit(query, i64(g, 2), g.ints(sizes));
  const [q, k, v] = parts.map((part, i) => unpacked(g, part, i === 0 ? heads : keyHeads)) as [Value, Value, Value];
  return { q, k, v, times };
}

/** [B, 1]: how many entries of the cache are in use, of lengths less one that count the queries, too. */
function inUse(g: Builder, lengths: Value, q: Value): Value {
  const count = g.subtract(g.cast(listOf(g, lengths), 'i64'), g.subtract(sizeAt(g, q, 2), i64(g, 1)));
  return g.maximum(g.unsqueeze(count, g.ints([1])), i64(g, 0));
}
