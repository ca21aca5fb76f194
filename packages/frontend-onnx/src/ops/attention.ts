/** Attention and what goes with it. */
import type { ElementType, Value } from '@cuvee/core';
import { dimOf, like, rankOf, sizeAt, sliced } from '../build.js';
import { along, bias, counting, groupSize, packed, repeatedHeads, unpacked } from '../heads.js';
import type { OnnxNode, OnnxOp } from '../node.js';

/** The additive bias of masks, causality, windows and padding; undefined when nothing is masked. */
function attentionBias(
  node: OnnxNode<3>,
  q: Value,
  k: Value,
  past: Value | undefined,
  mask: Value | undefined,
  valid: Value | undefined,
): Value | undefined {
  const { g, attr } = node;
  const [left, right] = [attr.int('left_window_size', -1), attr.int('right_window_size', -1)];
  if (left < -1 || right < -1) throw node.invalid('a window size is below -1');
  const causal = attr.bool('is_causal');
  const i64 = (n: number): Value => g.constant('i64', [], [n]);
  const parts: Value[] = [];
  if (mask) {
    const wide = mask.fact.type === 'boolean' ? bias(g, mask, q) : mask;
    const [have, need] = [dimOf(wide, -1), dimOf(k, 2)];
    if (have !== undefined && have === need) parts.push(wide);
    else {
      // a shorter mask forbids what it does not reach
      const rank = rankOf(node, mask),
        lack = g.subtract(sizeAt(g, k, 2), sizeAt(g, wide, rank - 1));
      const end =
        rank === 1
          ? g.unsqueeze(lack, g.ints([0]))
          : g.concat([g.ints(new Array<number>(rank - 1).fill(0)), g.unsqueeze(lack, g.ints([0]))], { axis: 0 });
      parts.push(
        g.pad(wide, g.ints(new Array<number>(rank).fill(0)), end, like(g, wide, Number.NEGATIVE_INFINITY), { pad_mode: 'constant' }),
      );
    }
  }
  const keys = along(g, counting(g, sizeAt(g, k, 2)), 3, 4);
  if (causal || left >= 0 || right >= 0) {
    const rows = along(g, counting(g, sizeAt(g, q, 2)), 2, 4);
    const offset = past ? sizeAt(g, past, 2) : valid ? along(g, g.subtract(g.cast(valid, 'i64'), sizeAt(g, q, 2)), 0, 4) : i64(0);
    const position = g.add(rows, offset);
    const allow = (allowed: Value): void => {
      parts.push(bias(g, allowed, q));
    };
    if (causal) allow(g.lessEqual(keys, position));
    if (left >= 0) allow(g.lessEqual(g.subtract(position, keys), i64(left)));
    if (right >= 0) allow(g.lessEqual(g.subtract(keys, position), i64(right)));
  }
  if (valid) parts.push(bias(g, g.less(keys, along(g, g.cast(valid, 'i64'), 0, 4)), q));
  return parts.length === 0 ? undefined : parts.slice(1).reduce((a, b) => g.add(a, b), parts[0] as Value);
}

/** Scaled dot-product attention with shared key heads, masks, soft cap and key-value cache. Opset 25 adds windows. */
export const Attention: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [query, key, value, mask, pastKey, pastValue, valid],
    attr,
  } = node;
  const flat = rankOf(node, query) === 3;
  const heads = (name: string): number => {
    const n = attr.int(name);
    if (n < 1 || n > 0x7fffffff) throw node.invalid(`attribute "${name}" is ${n}`);
    return n;
  };
  const q = flat ? unpacked(g, query, heads('q_num_heads')) : query;
  const newKey = flat ? unpacked(g, key, heads('kv_num_heads')) : key;
  const newValue = flat ? unpacked(g, value, heads('kv_num_heads')) : value;
  const k = pastKey ? g.concat([pastKey, newKey], { axis: 2 }) : newKey;
  const v = pastValue ? g.concat([pastValue, newValue], { axis: 2 }) : newValue;
  const times = groupSize(node, flat ? heads('q_num_heads') : dimOf(q, 1), flat ? heads('kv_num_heads') : dimOf(k, 1));
  const own = q.fact.type;
  const root = attr.has('scale') ? g.sqrt(like(g, q, attr.float('scale'))) : rootScale(node, q);
  const scores = g.matMul(g.multiply(q, root), g.multiply(repeatedHeads(g, k, times), root), { transpose_a: false, transpose_b: true });
  const cap = attr.float('softcap', 0);
  const capped = cap > 0 ? g.multiply(g.tanh(g.divide(scores, like(g, scores, cap))), like(g, scores, cap)) : scores;
  const added = attentionBias(node, q, k, pastKey, mask, valid);
  const biased = added ? g.add(capped, added) : capped;
  const precision: ElementType = attr.has('softmax_precision') ? attr.elementType('softmax_precision') : own;
  let weights = g.softmax(g.cast(biased, precision), { axis: -1 });
  if (added) {
    // a row without any allowed key weighs nothing
    const none = g.equal(g.reduceMax(added, g.ints([-1]), { keep_dims: true }), like(g, added, Number.NEGATIVE_INFINITY));
    weights = g.select(none, like(g, weights, 0), weights);
  }
  const mixed = g.matMul(g.cast(weights, own), repeatedHeads(g, v, times), { transpose_a: false, transpose_b: false });
  const stages = [scores, capped, biased, weights] as const;
  const stage = node.wants(3) ? stages[attr.int('qk_matmul_output_mode', 0)] : undefined;
  if (node.wants(3) && !stage) throw node.invalid(`attribute "qk_matmul_output_mode" is ${attr.int('qk_matmul_output_mode', 0)}`);
  return [flat ? packed(g, mixed) : mixed, node.wants(1) ? k : undefined, node.wants(2) ? v : undefined, stage && g.cast(stage, own)];
};

/** √(1 / √head size) */
function rootScale({ g }: Pick<OnnxNode, 'g'>, q: Value): Value {
  const size = dimOf(q, 3);
  if (size !== undefined) return like(g, q, Math.sqrt(1 / Math.sqrt(size)));
  return g.power(g.cast(sizeAt(g, q, 3), q.fact.type), like(g, q, -0.25));
}

/** Rotates pairs of elements by angles of their position: halves of a head, or neighbours (`interleaved`). */
export const RotaryEmbedding: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [input, cosCache, sinCache, positions],
    attr,
  } = node;
  const rank = rankOf(node, input),
    end = Number.MAX_SAFE_INTEGER;
  // [B, T, heads, D]
  const x =
    rank === 4
      ? g.transpose(input, g.ints([0, 2, 1, 3]))
      : g.reshape(input, g.ints([0, 0, attr.int('num_heads'), -1]), { special_zero: true });
  const rotated = attr.int('rotary_embedding_dim', 0);
  const size = rotated > 0 ? rotated : dimOf(x, 3);
  if (size === undefined || size % 2 !== 0) throw node.unsupported(`a head size of ${size ?? 'unknown'}`);
  const turning = rotated > 0 ? sliced(g, x, 3, 0, size) : x;
  const interleaved = attr.bool('interleaved');
  const half = (i: number): Value =>
    interleaved ? sliced(g, turning, 3, i, end, 2) : sliced(g, turning, 3, (i * size) / 2, ((i + 1) * size) / 2);
  const angles = (cache: Value): Value =>
    g.unsqueeze(positions ? g.gather(cache, positions, g.constant('i64', [], [0])) : cache, g.ints([2]));
  const [x1, x2, cos, sin] = [half(0), half(1), angles(cosCache), angles(sinCache)];
  const real = g.subtract(g.multiply(cos, x1), g.multiply(sin, x2));
  const imaginary = g.add(g.multiply(sin, x1), g.multiply(cos, x2));
  const joined = interleaved
    ? g.reshape(g.concat([g.unsqueeze(real, g.ints([4])), g.unsqueeze(imaginary, g.ints([4]))], { axis: 4 }), g.ints([0, 0, 0, size]), {
        special_zero: true,
      })
    : g.concat([real, imaginary], { axis: 3 });
  const whole = rotated > 0 && dimOf(x, 3) !== rotated ? g.concat([joined, sliced(g, x, 3, size, end)], { axis: 3 }) : joined;
  return rank === 4 ? g.transpose(whole, g.ints([0, 2, 1, 3])) : g.reshape(whole, g.ints([0, 0, -1]), { special_zero: true });
};

/** Longest sequence whose recurrence is written out step by step. */
const longest = 512;

/** A state of [d_k, d_v] a head, written and read at each step: S ← e^g S + k ⊗ (v or β (v - Sᵀ k)), o = s Sᵀ q. */
export const LinearAttention: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [query, key, value, past, decay, beta],
    attr,
  } = node;
  const queryHeads = attr.int('q_num_heads'),
    heads = attr.int('kv_num_heads');
  const times = groupSize(node, queryHeads, heads);
  const rule = attr.word('update_rule', ['linear', 'gated', 'delta', 'gated_delta'], 'gated_delta');
  const gated = rule.startsWith('gated'),
    delta = rule.endsWith('delta');
  if (gated !== Boolean(decay) || delta !== Boolean(beta)) throw node.invalid(`update rule "${rule}" does not fit the inputs given`);
  const steps = dimOf(query, 1),
    width = dimOf(query, 2);
  if (steps === undefined || width === undefined || steps < 1 || steps > longest)
    throw node.unsupported(`sequences of ${steps ?? 'unknown'} steps`);
  const wide = (x: Value, n: number): Value => g.cast(unpacked(g, x, n), 'f32');
  const [q, k, v] = [wide(query, queryHeads), wide(key, heads), wide(value, heads)];
  const gates = decay && g.exp(wide(decay, heads));
  const rates = beta && wide(beta, dimOf(beta, 2) === 1 ? 1 : heads);
  const at = (x: Value, step: number): Value => (steps === 1 ? x : sliced(g, x, 2, step, step + 1));
  const column = (x: Value): Value => g.transpose(x, g.ints([0, 1, 3, 2]));
  const given = attr.float('scale', 0);
  const scale = g.constant('f32', [], [given === 0 ? 1 / Math.sqrt(width / queryHeads) : given]);
  let state = past && g.cast(past, 'f32');
  const outputs: Value[] = [];
  for (let step = 0; step < steps; step++) {
    const kt = at(k, step);
    if (state && gates) state = g.multiply(state, column(at(gates, step)));
    let vt = at(v, step);
    if (rates) {
      const stored = state && g.matMul(kt, state, { transpose_a: false, transpose_b: false });
      vt = g.multiply(at(rates, step), stored ? g.subtract(vt, stored) : vt);
    }
    const written = g.matMul(column(kt), vt, { transpose_a: false, transpose_b: false });
    state = state ? g.add(state, written) : written;
    outputs.push(g.multiply(g.matMul(at(q, step), repeatedHeads(g, state, times), { transpose_a: false, transpose_b: false }), scale));
  }
  const y = packed(g, outputs.length === 1 ? (outputs[0] as Value) : g.concat(outputs, { axis: 2 }));
  return [g.cast(y, query.fact.type), g.cast(state as Value, past ? past.fact.type : query.fact.type)];
};
