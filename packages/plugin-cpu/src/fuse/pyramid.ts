/**
 * @file A convolution of a sum of a feature pyramid's levels: conv(in + up(out')) with in = s·(f * x), out' = in' + up(out'') and so on. Convolutions
 * are linear, so the sum need not be made: each term goes through filters of its own, made of the convolution's and f's, of fewer channels.
 */
import { derivedNode, rule, pattern, type Dim, type Node, type Rule, type Value } from '@cuvee/core';
import { costs } from '../costs.js';
import { opsOf } from '../ops/elementwise.js';
import { names } from '../ops/names.js';
import { mostParts, PyramidConvolution, upsampled } from '../ops/pyramid.js';
import { sameDim } from '../ops/shapes.js';
import { hasWindows, isPointwise } from './means.js';

const { any, named, node, constant } = pattern;

/** up(factors·(filters * data)), with one added to the factors or not. */
interface Term {
  readonly data: Value;
  readonly shift: number;
  readonly filters?: Value | undefined;
  readonly factors?: Value | undefined;
  readonly plus: boolean;
}

const isAdd = new Set(opsOf('add'));
const isMultiply = new Set(opsOf('mul'));

/** x·s for factors s, one for each channel of an image. */
function scaled(v: Value): { readonly x: Value; readonly factors: Value } | undefined {
  if (!isMultiply.has(v.node.op.name)) return undefined;
  const [a, b] = v.node.inputs as [Value, Value];
  for (const [x, factors] of [
    [a, b],
    [b, a],
  ] as const) {
    const whole = x.fact.shape;
    const each = factors.fact.shape;
    if (whole?.length !== 4 || each?.length !== 4 || each[2] !== 1 || each[3] !== 1 || whole[2] === 1) continue;
    if (each[1] === whole[1] && (each[0] === 1 || sameDim(each[0] as Dim, whole[0] as Dim))) return { x, factors };
  }
  return undefined;
}

/** What is multiplied by factors, or nothing, as data through filters. */
function widened(x: Value, shift: number, factors: Value | undefined, plus: boolean): Term {
  const { node: n } = x;
  const filters = n.inputs[1];
  const narrow = n.op.name === names.convolution && filters?.fact.value !== undefined && isPointwise(n);
  return narrow ? { data: n.inputs[0] as Value, shift, filters, factors, plus } : { data: x, shift, factors, plus };
}

const { coarse, coarseShare, leastFilters } = costs.pyramid;

/** A value as a sum of terms. One that others read, too, is taken as it is where it is cheap to read. */
function termsOf(v: Value, shift: number): Term[] {
  const up = upsampled(v);
  if (up.shift > 0) return termsOf(up.value, shift + up.shift);
  if (shift >= coarse && v.users.size > 1) return [{ data: v, shift, plus: false }];
  if (isAdd.has(v.node.op.name)) {
    const [a, b] = v.node.inputs as [Value, Value];
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      const by = scaled(y);
      if (by?.x === x) return [widened(x, shift, by.factors, true)];
    }
    if (a.fact.shape?.length === 4 && b.fact.shape?.length === 4) return [...termsOf(a, shift), ...termsOf(b, shift)];
  }
  const by = scaled(v);
  return [by ? widened(by.x, shift, by.factors, false) : widened(v, shift, undefined, false)];
}

const channelsOf = (v: Value): Dim | undefined => v.fact.shape?.[1];

/** Multiplications that channels cost, over those of one at full size. */
const cost = (shift: number, channels: number): number => channels * (shift >= coarse ? coarseShare : 1);

/** Whether native code can do it, and with less than the sum costs. */
function pays(terms: readonly Term[], wide: Dim | undefined, conv: Node): boolean {
  const batch = conv.output.fact.shape?.[0];
  if (terms.length < 2 || terms.length > mostParts || typeof wide !== 'number' || batch === undefined) return false;
  const fits = terms.every(({ data, filters, factors }) => {
    const own = data.fact.shape;
    return (
      data.fact.type === 'f32' &&
      own?.length === 4 &&
      typeof own[1] === 'number' &&
      sameDim(own[0] as Dim, batch) &&
      (filters ? filters.fact.type === 'f32' && filters.fact.shape?.[0] === wide : own[1] === wide) &&
      (!factors || (factors.fact.type === 'f32' && channelsOf(factors) === wide))
    );
  });
  return fits && terms.reduce((sum, t) => sum + cost(t.shift, channelsOf(t.data) as number), 0) < cost(0, wide);
}

/** 3x3, one step at a time, one pixel of zeros around, and of as many filters as Winograd's method wants. */
const isPlain3x3 = (n: Node): boolean => hasWindows(n, 3, 1) && Number(n.inputs[1]?.fact.shape?.[0]) >= leastFilters;

const isPicture = ({ output: { fact } }: Node): boolean => fact.type === 'f32' && fact.shape?.length === 4;

const pyramidConvolution = rule({
  name: 'convolution of a pyramid without its sum',
  pattern: node(names.convolution, [named('x', node(opsOf('add'), [], { test: isPicture })), constant('w')], {
    as: 'conv',
    test: isPlain3x3,
  }),
  reach: Number.POSITIVE_INFINITY,
  replace(_, get, { nodes }) {
    const conv = nodes.get('conv') as Node;
    const x = get('x');
    const terms = termsOf(x, 0);
    if (!pays(terms, channelsOf(x), conv)) return undefined;
    return derivedNode(
      PyramidConvolution,
      [get('w'), undefined, ...terms.flatMap((t) => [t.data, t.filters, t.factors])],
      { shifts: terms.map((t) => t.shift), plus: terms.map((t) => (t.plus ? 1 : 0)), plusOuter: 0 },
      conv.output.fact,
      { name: conv.name, origin: conv.origin },
    );
  },
});

/**
 * y + y·s = y·(1 + s) of a convolution y that nobody else reads: it multiplies what it stores. The factors s cannot depend on y, whose readers
 * depend on them.
 */
const weighedPyramid = rule({
  name: 'weigh the convolution of a pyramid',
  pattern: node(opsOf('add'), [node(PyramidConvolution.name, []), any('y')], { commutative: true }),
  reach: Number.POSITIVE_INFINITY,
  replace(_, _get, { root }) {
    const [a, b] = root.node.inputs as [Value, Value];
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      const { node: n } = x;
      const by = scaled(y);
      if (n.op !== PyramidConvolution || by?.x !== x || n.inputs[1] || x.users.size !== 2 || y.users.size !== 1) continue;
      if (by.factors.fact.type !== 'f32') continue;
      const inputs = [n.inputs[0], by.factors, ...n.inputs.slice(2)];
      return derivedNode(PyramidConvolution, inputs, { ...n.attributes, plusOuter: 1 }, root.fact, { name: n.name, origin: n.origin });
    }
    return undefined;
  },
});

export const pyramidRules: readonly Rule[] = [pyramidConvolution, weighedPyramid];
