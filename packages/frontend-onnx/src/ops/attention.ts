/** Attention and what goes with it. */
import type { Value } from '@cuvee/core';
import { counting, dimOf, f32, folded, i64, like, rankOf, sizeAt, times, timesRows, upTo } from '../build.js';
import { along, bias, cached, capped, groupSize, packed, repeatedHeads, rotated, unpacked } from '../heads.js';
import { remembered, type Linear } from '../memory.js';
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
  const { g } = node;
  const keys = along(g, counting(g, sizeAt(g, k, 2)), 3, 4);
  const allowed = orderOf(node, q, keys, past, valid);
  if (valid) allowed.push(g.less(keys, along(g, g.cast(valid, 'i64'), 0, 4)));
  const parts = [...(mask ? [maskBias(node, mask, q, k)] : []), ...allowed.map((open) => bias(g, open, q))];
  return parts.length === 0 ? undefined : folded(parts, (a, b) => g.add(a, b));
}

/** What a mask adds to the scores: a shorter one forbids what it does not reach. */
function maskBias(node: OnnxNode<3>, mask: Value, q: Value, k: Value): Value {
  const { g } = node;
  const wide = mask.fact.type === 'boolean' ? bias(g, mask, q) : mask;
  const [have, need] = [dimOf(wide, -1), dimOf(k, 2)];
  if (have !== undefined && have === need) return wide;
  const none = upTo(rankOf(node, mask)).map(() => 0);
  const lack = g.unsqueeze(g.subtract(sizeAt(g, k, 2), sizeAt(g, wide, none.length - 1)), g.ints([0]));
  const end = none.length === 1 ? lack : g.concat([g.ints(none.slice(1)), lack], { axis: 0 });
  return g.pad(wide, g.ints(none), end, like(g, wide, Number.NEGATIVE_INFINITY), { pad_mode: 'constant' });
}

/** Which keys a query's own place allows, each condition apart: those before it (`is_causal`), and those within a window. */
function orderOf(node: OnnxNode<3>, q: Value, keys: Value, past: Value | undefined, valid: Value | undefined): Value[] {
  const { g, attr } = node;
  const [left, right] = [attr.int('left_window_size', -1), attr.int('right_window_size', -1)];
  if (left < -1 || right < -1) throw node.invalid('a window size is below -1');
  const causal = attr.bool('is_causal');
  if (!causal && left < 0 && right < 0) return [];
  const length = sizeAt(g, q, 2);
  const offset = past ? sizeAt(g, past, 2) : valid ? along(g, g.subtract(g.cast(valid, 'i64'), length), 0, 4) : i64(g, 0);
  const position = g.add(along(g, counting(g, length), 2, 4), offset);
  return [
    ...(causal ? [g.lessEqual(keys, position)] : []),
    ...(left >= 0 ? [g.lessEqual(g.subtract(position, keys), i64(g, left))] : []),
    ...(right >= 0 ? [g.lessEqual(g.subtract(keys, position), i64(g, right))] : []),
  ];
}

/** Scaled dot-product attention with shared key heads, masks, soft cap and key-value cache. Opset 25 adds windows. */
export const Attention: OnnxOp<3> = (node) => {
  const { g, attr } = node;
  const [query, , , mask, past, , valid] = node.inputs;
  const { q, k, v, times: shared } = threeHeads(node);
  const scores = scored(node, q, repeatedHeads(g, k, shared));
  const limited = capped(g, scores, attr.float('softcap', 0));
  const added = attentionBias(node, q, k, past, mask, valid);
  const biased = added ? g.add(limited, added) : limited;
  const weights = weighed(node, biased, added);
  const mixed = times(g, g.cast(weights, q.fact.type), repeatedHeads(g, v, shared));
  const stage = node.wants(3) ? stageOf(node, [scores, limited, biased, weights]) : undefined;
  const y = rankOf(node, query) === 3 ? packed(g, mixed) : mixed;
  return [y, node.wants(1) ? k : undefined, node.wants(2) ? v : undefined, stage && g.cast(stage, q.fact.type)];
};

/** Query, key and value as [batch, heads, length, size], cache included, and how many query heads share a key head. */
function threeHeads(node: OnnxNode<3>) {
  const { g } = node;
  const [query, key, value, , pastKey, pastValue] = node.inputs;
  const flat = rankOf(node, query) === 3;
  const heads = (name: string, x: Value): number | undefined => {
    const n = flat ? node.attr.int(name) : dimOf(x, 1);
    if (n !== undefined && (n < 1 || n > 0x7fffffff)) throw node.invalid(`${name} is ${n}`);
    return n;
  };
  const [queryHeads, keyHeads] = [heads('q_num_heads', query), heads('kv_num_heads', key)];
  const apart = (x: Value, n: number | undefined): Value => (flat ? unpacked(g, x, n as number) : x);
  return {
    q: apart(query, queryHeads),
    k: cached(g, pastKey, apart(key, keyHeads)),
    v: cached(g, pastValue, apart(value, keyHeads)),
    times: groupSize(node, queryHeads, keyHeads),
  };
}

/** Q Kᵀ, each scaled by the root of the scale. */
function scored(node: OnnxNode<3>, q: Value, k: Value): Value {
  const { g, attr } = node;
  const root = attr.has('scale') ? g.sqrt(like(g, q, attr.float('scale'))) : rootScale(node, q);
  return timesRows(g, g.multiply(q, root), g.multiply(k, root));
}

/** Softmax of the scores in the node's precision; a row without any allowed key weighs nothing. */
function weighed({ g, attr }: OnnxNode<3>, scores: Value, added: Value | undefined): Value {
  const weights = g.softmax(g.cast(scores, attr.optionalType('softmax_precision') ?? scores.fact.type), { axis: -1 });
  if (!added) return weights;
  const none = g.equal(g.reduceMax(added, g.ints([-1]), { keep_dims: true }), like(g, added, Number.NEGATIVE_INFINITY));
  return g.select(none, like(g, weights, 0), weights);
}

/** The stage of the scores that output 3 is. */
function stageOf(node: OnnxNode<3>, stages: readonly Value[]): Value {
  const mode = node.attr.int('qk_matmul_output_mode', 0);
  const stage = stages[mode];
  if (!stage) throw node.invalid(`attribute "qk_matmul_output_mode" is ${mode}`);
  return stage;
}

/** √(1 / √head size) */
function rootScale({ g }: Pick<OnnxNode, 'g'>, q: Value): Value {
  const size = dimOf(q, 3);
  if (size !== undefined) return like(g, q, Math.sqrt(1 / Math.sqrt(size)));
  return g.power(g.cast(sizeAt(g, q, 3), q.fact.type), like(g, q, -0.25));
}

/** Rotates pairs of elements by angles of their position: halves of a head, or neighbours (`interleaved`). */
export const RotaryEmbedding: OnnxOp<3> = (node) => {
  const { g, attr } = node;
  const [input, cosCache, sinCache, positions] = node.inputs;
  const flat = rankOf(node, input) !== 4;
  // [B, T, heads, D]
  const split = (): Value => g.reshape(input, g.ints([0, 0, attr.int('num_heads'), -1]), { special_zero: true });
  const x = flat ? split() : g.transpose(input, g.ints([0, 2, 1, 3]));
  const size = attr.int('rotary_embedding_dim', 0) || dimOf(x, 3);
  if (size === undefined || size % 2 !== 0) throw node.unsupported(`a head size of ${size ?? 'unknown'}`);
  const angles = (cache: Value): Value => g.unsqueeze(positions ? g.gather(cache, positions, i64(g, 0)) : cache, g.ints([2]));
  const y = rotated(g, x, size, angles(cosCache), angles(sinCache), attr.bool('interleaved'));
  return flat ? g.reshape(y, g.ints([0, 0, -1]), { special_zero: true }) : g.transpose(y, g.ints([0, 2, 1, 3]));
};

/** A state of [d_k, d_v] a head, written and read at each step (`memory.ts`). */
export const LinearAttention: OnnxOp<3> = (node) => {
  const { g, attr } = node;
  const [query, , , past] = node.inputs;
  const [queryHeads, heads] = [attr.int('q_num_heads'), attr.int('kv_num_heads')];
  const shared = groupSize(node, queryHeads, heads);
  const linear = linearInputs(node, queryHeads, heads);
  const { read, state } = remembered(g, linear, past && g.cast(past, 'f32'), shared);
  const given = attr.float('scale', 0);
  const size = g.cast(sizeAt(g, linear.q, 3), 'f32');
  const scaled = given === 0 ? g.divide(read, g.sqrt(size)) : g.multiply(read, f32(g, given));
  return [g.cast(packed(g, scaled), query.fact.type), g.cast(state, (past ?? query).fact.type)];
};

/** The inputs of linear attention. Throws MODEL_INVALID when the update rule needs others. */
function linearInputs({ g, attr, inputs, invalid }: OnnxNode<3>, queryHeads: number, heads: number): Linear {
  const [query, key, value, , decay, beta] = inputs;
  const rule = attr.word('update_rule', ['linear', 'gated', 'delta', 'gated_delta'], 'gated_delta');
  if (rule.startsWith('gated') !== Boolean(decay) || rule.endsWith('delta') !== Boolean(beta))
    throw invalid(`update rule "${rule}" does not fit the inputs given`);
  const wide = (x: Value, n: number): Value => g.cast(unpacked(g, x, n), 'f32');
  return {
    q: wide(query, queryHeads),
    k: wide(key, heads),
    v: wide(value, heads),
    gates: decay && g.exp(wide(decay, heads)),
    rates: beta && wide(beta, dimOf(beta, 2) === 1 ? 1 : heads),
  };
}
