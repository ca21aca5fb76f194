/** @file Fusions: what follows a convolution or matrix product becomes its epilogue. Rules are tried in this order. */
import { Literal, numbersOf, pattern, rule, staticShape, type Builder, type Model, type Rule, type Value } from '@cuvee/core';
import { costs } from '../costs.js';
import { activatingOps, activationOf, instructionOf, opsOf } from '../ops/elementwise.js';
import { FusedMVN } from '../ops/normalization.js';
import { asFused, fusable, groupConvolutions, plainConvolutions, withEpilogue, type Fused } from '../ops/fused.js';
import { names } from '../ops/names.js';
import { sameShape } from '../ops/shapes.js';
import { alongAxis, elementsIn, filled, fits, perChannel, plus, times } from './channels.js';

const { any, constant, node, once, where } = pattern;

const producer = once(node(fusable, [], { as: 'f' }));
const f32 = (v: Value): boolean => v.fact.type === 'f32';
const isRounding = (n: Value['node']): boolean => instructionOf(n)?.instruction.opcode.startsWith('round') === true;

/** What rules take for a constant. */
type IsConstant = (v: Value) => boolean;

/** A value whose elements are known here. */
const isLiteral: IsConstant = (v) => v.fact.value !== undefined;

/**
 * Whether a node may take v for a constant. One that is computed from constants alone runs in the prologue, where what else is computed
 * is no constant yet.
 */
const isConstantFor = (node: Value['node'], v: Value, isConstant: IsConstant): boolean =>
  isLiteral(v) || (isConstant(v) && !isConstant(node.output));

/** Says of a model's values, and of those that rules make from them, which depend on constants alone, of whatever size. */
function computedIn(model: Model): IsConstant {
  const known = new Map<Value, boolean>();
  const isComputed: IsConstant = (v) => {
    if (isLiteral(v)) return true;
    const before = known.get(v);
    if (before !== undefined) return before;
    const { op, inputs } = v.node;
    const fixed =
      inputs.length > 0 && !op.traits.impure && !op.traits.control && staticShape(v.fact.shape) !== undefined && inputs.every(isPart);
    known.set(v, fixed);
    return fixed;
  };
  const isPart = (v: Value | undefined): boolean => v === undefined || isComputed(v);
  const nodes = model.nodes();
  for (let i = 0; i < nodes.length; i++) nodes[i]?.outputs.forEach(isComputed); // in order, so that no call goes deep
  return isComputed;
}

/** y·s + b per channel, folded into what `f` already does: before the activation into weights and bias, after it into the post scale. */
function affine(g: Builder, f: Fused, scale: Value | undefined, shift: Value | undefined): Value | undefined {
  const { epilogue: e } = f;
  if (e.residual) {
    if (!f.residualAfter && f.activated.activation !== 'none') return post(g, f, scale, shift);
    return undefined;
  }
  if (f.activated.activation !== 'none' || e.postScale) return post(g, f, scale, shift);
  const weightScale = scale && times(g, e.weightScale, scale);
  const bias = plus(g, e.bias && times(g, e.bias, scale), shift) ?? filled(g, f, 0);
  return withEpilogue(f, { epilogue: { bias, ...(weightScale && { weightScale }) } });
}

function post(g: Builder, f: Fused, scale: Value | undefined, shift: Value | undefined): Value | undefined {
  const { postScale, postShift } = f.epilogue;
  const a = times(g, postScale, scale) ?? filled(g, f, 1);
  const b = plus(g, postShift && times(g, postShift, scale), shift) ?? filled(g, f, 0);
  return withEpilogue(f, { epilogue: { postScale: a, postShift: b } });
}

/**
 * conv(x, w)·s = conv(x, w·s), for a constant s with one element a channel. Before a rounding the scale stays behind the sums: those of
 * quantised operators are whole numbers, and an inexact one would round to the other side.
 */
const foldScale = (isConstant: IsConstant): Rule =>
  rule({
    name: 'fold scale into weights',
    pattern: node(opsOf('mul'), [producer, where('s', isConstant)], { commutative: true, as: 'scaled' }),
    replace(g, get, { nodes }) {
      const f = asFused(nodes.get('f') as Value['node']);
      if (f && isAffine(f, nodes.get('scaled') as Value['node'], get('s'))) return undefined; // the sum takes both
      const s = f && isConstantFor(f.node, get('s'), isConstant) ? perChannel(g, f, get('s')) : undefined;
      const rounded = [...(nodes.get('scaled') as Value['node']).output.users].some((user) => isRounding(user));
      if (f && s && rounded) return f.epilogue.residual || f.activated.activation !== 'none' ? undefined : post(g, f, s, undefined);
      return f && s && affine(g, f, s, undefined);
    },
  });

/** Whether both follow: a scale and, in the sum that alone reads it, a shift. */
function isAffine(f: Fused, scaled: Value['node'], s: Value): boolean {
  if (scaled.output.users.size !== 1 || (f.epilogue.residual && (f.residualAfter || f.activated.activation === 'none'))) return false;
  const [sum] = scaled.output.users;
  if (!sum || !isAdd.has(sum.op.name)) return false;
  const shift = sum.inputs[0] === scaled.output ? sum.inputs[1] : sum.inputs[0];
  return shift !== undefined && isLiteral(shift) && isLiteral(s) && fits(f, s) && fits(f, shift);
}
const isAdd = new Set(opsOf('add'));

/** conv(x, w)·s + b at once, for literals with one element a channel. */
const foldScaleAndBias = rule({
  name: 'fold scale and bias',
  pattern: node(opsOf('add'), [once(node(opsOf('mul'), [producer, constant('s')], { commutative: true, as: 'scaled' })), constant('b')], {
    commutative: true,
  }),
  replace(g, get, { nodes }) {
    const f = asFused(nodes.get('f') as Value['node']);
    return f && isAffine(f, nodes.get('scaled') as Value['node'], get('s'))
      ? affine(g, f, perChannel(g, f, get('s')), perChannel(g, f, get('b')))
      : undefined;
  },
});

/** conv(x, w) + b = the same with a bias, for a constant b with one element a channel. */
const foldBias = (isConstant: IsConstant): Rule =>
  rule({
    name: 'fold bias',
    pattern: node(opsOf('add'), [producer, where('b', isConstant)], { commutative: true }),
    replace(g, get, { nodes }) {
      const f = asFused(nodes.get('f') as Value['node']);
      const b = f && isConstantFor(f.node, get('b'), isConstant) ? perChannel(g, f, get('b')) : undefined;
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

/**
 * conv(x, w) + r, r of the same shape: added by the kernel before it stores. Nobody but this sum reads the convolution, so that r, unless it is
 * the convolution itself, does not depend on it.
 */
const fuseResidual = rule({
  name: 'fuse residual',
  pattern: node(opsOf('add'), [producer, any('r')], { commutative: true }),
  replace(_, get, { nodes }) {
    const f = asFused(nodes.get('f') as Value['node']);
    const r = get('r');
    if (!f || f.epilogue.residual || r.fact.type !== 'f32' || r.fact.value || r.node === f.node || !sameShape(f.node.output, r))
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
    opsOf('add'),
    [
      once(
        node(opsOf('mul'), [once(node(names.normalization, [where('x', f32), constant('axes')], { as: 'mvn' })), constant('s')], {
          commutative: true,
        }),
      ),
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

/** Convolutions that read each pixel once, at its place, of several channels. */
function readsPixels(f: Fused): boolean {
  const data = f.inputs[0]?.fact;
  const filters = f.inputs[1]?.fact.shape;
  const { strides, pads_begin, pads_end } = f.node.attributes as {
    readonly [k in 'strides' | 'pads_begin' | 'pads_end']?: readonly number[];
  };
  return (
    f.base === names.convolution &&
    data?.type === 'f32' &&
    data.shape?.length === 4 &&
    filters?.every((d) => typeof d === 'number') === true &&
    (filters[1] as number) > costs.convolution.planarChannels &&
    filters[2] === 1 &&
    filters[3] === 1 &&
    (strides ?? []).every((s) => s === 1) &&
    [...(pads_begin ?? []), ...(pads_end ?? [])].every((p) => p === 0)
  );
}

const scaledAndShifted = (isConstant: IsConstant): pattern.Pattern =>
  once(
    node(
      opsOf('add'),
      [once(node(opsOf('mul'), [where('x', f32), where('s', isConstant)], { commutative: true })), where('b', isConstant)],
      {
        commutative: true,
      },
    ),
  );

/** x, s and b of x·s + b for constants with one element for each of x's channels. */
function channelsOf(g: Builder, get: (name: string) => Value): { x: Value; s: Value; b: Value } | undefined {
  const x = get('x');
  const channels = x.fact.shape?.[1];
  if (typeof channels !== 'number' || x.fact.shape?.length !== 4) return undefined;
  const [s, b] = ['s', 'b'].map((name) => alongAxis(g, get(name), 4, 1, channels));
  return s && b && { x, s, b };
}

/** conv(relu(x·s + b), w), pointwise: the convolution activates what it reads. */
const activateInput = (isConstant: IsConstant): Rule =>
  rule({
    name: 'activate the input of a convolution',
    pattern: node(plainConvolutions, [once(node(opsOf('relu'), [scaledAndShifted(isConstant)]))], { as: 'f' }),
    replace(g, get, { nodes }) {
      const f = asFused(nodes.get('f') as Value['node']);
      if (!f || !readsPixels(f) || f.prologue.inputScale || f.shuffled > 1 || isConstant(get('x'))) return undefined;
      const of = channelsOf(g, get);
      return of && withEpilogue(f, { prologue: { data: of.x, inputScale: of.s, inputShift: of.b } });
    },
  });

/** (x·s + b)·scale + shift = x·(s·scale) + (b·scale + shift) where a convolution activates it. */
const scaleInput = (isConstant: IsConstant): Rule =>
  rule({
    name: 'fold scale and shift into an activated input',
    pattern: node(plainConvolutions, [scaledAndShifted(isConstant)], { as: 'f' }),
    replace(g, get, { nodes }) {
      const f = asFused(nodes.get('f') as Value['node']);
      const { inputScale, inputShift } = f?.prologue ?? {};
      const of = inputScale && !isConstant(get('x')) ? channelsOf(g, get) : undefined;
      if (!f || !of) return undefined;
      const prologue = { data: of.x, inputScale: times(g, of.s, inputScale), inputShift: plus(g, times(g, of.b, inputScale), inputShift) };
      return withEpilogue(f, { prologue });
    },
  });

/** The rows of a constant in another order: row i is row order[i] of the given one. */
function reordered(g: Builder, v: Value, order: readonly number[]): Value {
  const data = elementsIn(v);
  if (!data) return g.gather(v, g.ints(order), g.scalar(0, 'i64'));
  const each = data.length / order.length;
  const out = new Float32Array(data.length);
  order.forEach((from, to) => out.set(data.subarray(from * each, (from + 1) * each), to * each));
  return g.constant(Literal.of('f32', staticShape(v.fact.shape) as number[], out));
}

/** A convolution without kernel, stride or padding. */
function readsChannels(node: Value['node']): boolean {
  const f = asFused(node);
  const {
    strides = [],
    pads_begin = [],
    pads_end = [],
  } = node.attributes as { readonly [k in 'strides' | 'pads_begin' | 'pads_end']?: number[] };
  const kernel = f?.inputs[1]?.fact.shape?.slice(f.base === names.groupConvolution ? 3 : 2);
  const known = f?.base === names.groupConvolution || f?.base === names.convolution;
  return known && [...(kernel ?? [0]), ...strides].every((n) => n === 1) && [...pads_begin, ...pads_end].every((n) => n === 0);
}

/** depthwise(shuffle(x)) = shuffle(depthwise(x)), with filters and channel arrays in x's order: a pointwise convolution reads shuffled data in place. */
const shuffleLater = (isConstant: IsConstant): Rule =>
  rule({
    name: 'shuffle behind a depthwise convolution',
    pattern: node(groupConvolutions, [once(node(names.shuffle, [where('x', f32)], { as: 's' }))], {
      as: 'f',
    }),
    replace(g, get, { nodes }) {
      const f = asFused(nodes.get('f') as Value['node']);
      const { axis, group } = (nodes.get('s') as Value['node']).attributes as { axis: number; group: number };
      const x = get('x');
      const shape = f?.inputs[1]?.fact.shape;
      const channels = f?.channels;
      if (!f || channels === undefined || x.fact.shape?.length !== 4 || x.fact.shape[1] !== channels || (axis !== 1 && axis !== -3))
        return undefined;
      if (f.epilogue.residual || f.prologue.inputScale || f.shuffled > 1 || shape?.[0] !== channels || shape[1] !== 1) return undefined;
      const { residual: _, ...arrays } = f.epilogue;
      const constants = [f.inputs[1] as Value, ...Object.values(arrays).filter((v) => v !== undefined)];
      if (!constants.every((v) => isConstantFor(f.node, v, isConstant) && v.fact.type === 'f32')) return undefined;
      if (![...f.node.output.users].every(readsChannels)) return undefined;
      const each = channels / group;
      const order = Array.from({ length: channels }, (_, c) => (c % each) * group + Math.floor(c / each));
      const inputs = [x, reordered(g, f.inputs[1] as Value, order)] as const;
      const epilogue = Object.fromEntries(Object.entries(arrays).map(([port, v]) => [port, v && reordered(g, v, order)]));
      return g.shuffleChannels(withEpilogue(f, { inputs, epilogue }), { axis, group });
    },
  });

/** conv(shuffle(x), w), pointwise: the convolution finds the channels where they lie. */
const readShuffled = rule({
  name: 'read shuffled channels in place',
  pattern: node([...plainConvolutions, ...groupConvolutions], [once(node(names.shuffle, [where('x', f32)], { as: 's' }))], { as: 'f' }),
  replace(_, get, { nodes }) {
    const f = asFused(nodes.get('f') as Value['node']);
    const { axis, group } = (nodes.get('s') as Value['node']).attributes as { axis: number; group: number };
    const [x, filters] = [get('x'), f?.inputs[1]];
    const known = filters?.fact.shape?.every((d) => typeof d === 'number') && typeof x.fact.shape?.[1] === 'number';
    if (!f || !filters || !known || x.fact.shape?.length !== 4 || (axis !== 1 && axis !== -3)) return undefined;
    if (f.prologue.inputScale || f.shuffled > 1 || f.node.output.fact.type !== 'f32' || !readsChannels(f.node)) return undefined;
    return withEpilogue(f, { inputs: [x, filters], shuffled: group });
  },
});

/** The rules for a model. What is not folded here its prologue computes; a body (`inside`) has none. */
export function fusionRules(model: Model, inside: boolean): readonly Rule[] {
  const isConstant = inside ? isLiteral : computedIn(model);
  return [
    foldScale(isConstant),
    foldScaleAndBias,
    foldBias(isConstant),
    fuseActivation,
    fuseResidual,
    activateInput(isConstant),
    scaleInput(isConstant),
    layerNormalization,
    shuffleLater(isConstant),
    readShuffled,
  ];
}
