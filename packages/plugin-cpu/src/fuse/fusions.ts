/** @file Fusions: what follows a convolution or matrix product becomes its epilogue. Rules are tried in this order. */
import { Literal, numbersOf, pattern, rule, type Builder, type Rule, type Value } from '@cuvee/core';
import { activatingOps, activationOf } from '../ops/elementwise.js';
import { FusedMVN } from '../ops/normalization.js';
import { asFused, fusable, withEpilogue, type Fused } from '../ops/fused.js';

const { any, constant, node, once, where } = pattern;

const producer = once(node(fusable, [], { as: 'f' }));
const f32 = (v: Value): boolean => v.fact.type === 'f32';

/** The elements of a constant, one a channel, when it broadcasts along the channel axis of `f` alone. */
function perChannel(f: Fused, v: Value): Float32Array | undefined {
  const literal = v.fact.value;
  const rank = f.node.output.fact.shape?.length ?? 0;
  if (!literal || f.channels === undefined || literal.type !== 'f32' || literal.shape.length > rank) return undefined;
  const data = literal.nd().data as Float32Array;
  if (literal.size === 1) return new Float32Array(f.channels).fill(data[0] as number);
  const axis = f.channelAxis - rank + literal.shape.length;
  return literal.size === f.channels && literal.shape[axis] === f.channels ? data : undefined;
}

const channelArray = (g: Builder, values: Float32Array): Value => g.constant(Literal.of('f32', [values.length], values));
const values = (v: Value | undefined): Float32Array | undefined => v?.fact.value?.nd().data as Float32Array | undefined;
/** Element by element; what is absent changes nothing. Plain loops, for an engine that has not warmed up. */
function times(a: Float32Array | undefined, b: Float32Array | undefined): Float32Array | undefined {
  if (!a || !b) return a ?? b;
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) * (b[i] as number);
  return out;
}
function plus(a: Float32Array | undefined, b: Float32Array | undefined): Float32Array | undefined {
  if (!a || !b) return a ?? b;
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) + (b[i] as number);
  return out;
}

/** y·s + b per channel, folded into what `f` already does: before the activation into weights and bias, after it into the post scale. */
function affine(g: Builder, f: Fused, scale: Float32Array | undefined, shift: Float32Array | undefined): Value | undefined {
  const { epilogue: e } = f;
  if (e.residual) {
    if (!f.residualAfter && f.activated.activation !== 'none') return post(g, f, scale, shift);
    return undefined;
  }
  if (f.activated.activation !== 'none' || e.postScale) return post(g, f, scale, shift);
  const weightScale = scale && times(values(e.weightScale), scale);
  const bias = plus(e.bias && times(values(e.bias), scale), shift) ?? new Float32Array(f.channels as number);
  return withEpilogue(f, { epilogue: { bias: channelArray(g, bias), ...(weightScale && { weightScale: channelArray(g, weightScale) }) } });
}

function post(g: Builder, f: Fused, scale: Float32Array | undefined, shift: Float32Array | undefined): Value | undefined {
  const n = f.channels as number;
  const { postScale, postShift } = f.epilogue;
  const a = times(values(postScale), scale) ?? new Float32Array(n).fill(1);
  const b = plus(postShift && times(values(postShift), scale), shift) ?? new Float32Array(n);
  return withEpilogue(f, { epilogue: { postScale: channelArray(g, a), postShift: channelArray(g, b) } });
}

/**
 * conv(x, w)·s = conv(x, w·s), for a constant s with one element a channel. Before a rounding the scale stays behind the sums: those of
 * quantised operators are whole numbers, and an inexact one would round to the other side.
 */
const foldScale = rule({
  name: 'fold scale into weights',
  pattern: node('Multiply', [producer, where('s', f32)], { commutative: true, as: 'scaled' }),
  replace(g, get, { nodes }) {
    const f = asFused(nodes.get('f') as Value['node']);
    const s = f && perChannel(f, get('s'));
    const rounded = [...(nodes.get('scaled') as Value['node']).output.users].some((user) => user.op.name === 'Round');
    if (f && s && rounded) return f.epilogue.residual || f.activated.activation !== 'none' ? undefined : post(g, f, s, undefined);
    return f && s && affine(g, f, s, undefined);
  },
});

/** conv(x, w) + b = the same with a bias, for a constant b with one element a channel. */
const foldBias = rule({
  name: 'fold bias',
  pattern: node('Add', [producer, where('b', f32)], { commutative: true }),
  replace(g, get, { nodes }) {
    const f = asFused(nodes.get('f') as Value['node']);
    const b = f && perChannel(f, get('b'));
    return f && b && affine(g, f, undefined, b);
  },
});

/** act(conv(x, w)) in one kernel. */
const fuseActivation = rule({
  name: 'fuse activation',
  pattern: node(activatingOps, [producer], { as: 'act' }),
  replace(_g, _, { nodes }) {
    const f = asFused(nodes.get('f') as Value['node']);
    const activated = activationOf(nodes.get('act') as Value['node']);
    if (
      !f ||
      !activated ||
      f.node.output.fact.type !== 'f32' ||
      f.activated.activation !== 'none' ||
      f.epilogue.postScale ||
      f.residualAfter
    )
      return undefined;
    return withEpilogue(f, { activated });
  },
});

const sameShape = (a: Value, b: Value): boolean => {
  const x = a.fact.shape;
  const y = b.fact.shape;
  return x !== undefined && y !== undefined && x.length === y.length && x.every((d, i) => d === y[i]);
};

/** Whether `v` is there before `f`'s node runs: it does not depend on it. Both feed the same Add, so only a walk can tell. */
function independent(v: Value, f: Value['node']): boolean {
  const seen = new Set<Value['node']>();
  const stack = [v.node];
  while (stack.length > 0) {
    const n = stack.pop() as Value['node'];
    if (n === f) return false;
    if (seen.has(n) || n.id < 0) continue;
    seen.add(n);
    if (seen.size > 4096) return false;
    for (const input of n.inputs) if (input) stack.push(input.node);
  }
  return true;
}

/** conv(x, w) + r, r of the same shape: added by the kernel before it stores. */
const fuseResidual = rule({
  name: 'fuse residual',
  pattern: node('Add', [producer, any('r')], { commutative: true }),
  replace(_, get, { nodes }) {
    const f = asFused(nodes.get('f') as Value['node']);
    const r = get('r');
    if (!f || f.epilogue.residual || r.fact.type !== 'f32' || r.fact.value || !sameShape(f.node.output, r) || !independent(r, f.node))
      return undefined;
    return withEpilogue(f, {
      epilogue: { residual: r },
      residualAfter: f.activated.activation !== 'none' || f.epilogue.postScale !== undefined,
    });
  },
});

/** Whether a constant has one element for each element of the last axes of `data` that MVN reduces, and those are all that it reduces. */
function alongRows(data: Value, axes: Value, v: Value): boolean {
  const shape = data.fact.shape;
  const literal = v.fact.value;
  const reduced = axes.fact.value && numbersOf(axes.fact.value.nd()).map((a) => (a < 0 ? a + (shape?.length ?? 0) : a));
  if (!shape || !literal || !reduced || literal.type !== 'f32') return false;
  const first = shape.length - new Set(reduced).size;
  const rows = shape.slice(first);
  return (
    reduced.every((a) => a >= first) &&
    literal.shape.length <= shape.length &&
    literal.shape.slice(-rows.length).join() === rows.join() &&
    literal.size === rows.reduce<number>((a, d) => a * Number(d), 1)
  );
}

/** mvn(x)·s + b in one kernel, for constants with one element for each element of a row. */
const layerNormalization = rule({
  name: 'layer normalisation',
  pattern: node(
    'Add',
    [
      once(node('Multiply', [once(node('MVN', [where('x', f32), constant('axes')], { as: 'mvn' })), constant('s')], { commutative: true })),
      constant('b'),
    ],
    { commutative: true },
  ),
  replace(g, get, { nodes }) {
    const [x, axes, s, b] = ['x', 'axes', 's', 'b'].map(get) as [Value, Value, Value, Value];
    if (!alongRows(x, axes, s) || !alongRows(x, axes, b)) return undefined;
    return g.node(FusedMVN, [x, axes, s, b], (nodes.get('mvn') as Value['node']).attributes)[0];
  },
});

export const fusionRules: readonly Rule[] = [foldScale, foldBias, fuseActivation, fuseResidual, layerNormalization];
