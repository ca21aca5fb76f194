/** @file Canonical forms: one spelling for each formula, so that one fusion rule serves all of them. */
import { numbersOf, pattern, rule, type Builder, type Literal, type Node, type Rule, type Value } from '@cuvee/core';
import { costs } from '../costs.js';
import { opsOf } from '../ops/elementwise.js';
import { names } from '../ops/names.js';
import { sameShape } from '../ops/shapes.js';
import { isPointwise, meanOfShares, meanOfWindows, overPicture } from './means.js';

const { any, constant, named, node, once, scalar, where, uniform, either } = pattern;
/** √x, also as a power. */
const root = (inner: pattern.Pattern): pattern.Pattern =>
  either(node(opsOf('sqrt'), [inner]), node(opsOf('pow'), [inner, scalar('half', 0.5)]));
const f32 = (name: string): pattern.Pattern => where(name, (v) => v.fact.type === 'f32');

/**
 * What stands for a formula of x and of constants with equal elements. Those may have more axes or elements than x, and the formula's value
 * then has, too: such a formula stays.
 */
const formulaOf =
  (made: (g: Builder, x: Value, get: (name: string) => Value) => Value | undefined): Rule['replace'] =>
  (g, get, { root }) =>
    sameShape(get('x'), root) ? made(g, get('x'), get) : undefined;

/** x·clamp(x + 3, 0, 6)/6 = hswish(x), with the division before or after the product. */
const clipped = once(
  node(opsOf('clip'), [once(node(opsOf('add'), [any('x'), scalar('three', 3)], { commutative: true }))], {
    test: (n) => n.attributes.min === 0 && n.attributes.max === 6,
  }),
);
const sixth = (inner: pattern.Pattern): pattern.Pattern =>
  either(node(opsOf('div'), [inner, scalar('six', 6)]), node(opsOf('mul'), [inner, scalar('sixth', 1 / 6)], { commutative: true }));
const hswish = rule({
  name: 'recognise hard swish',
  pattern: either(
    sixth(once(node(opsOf('mul'), [f32('x'), clipped], { commutative: true }))),
    node(opsOf('mul'), [f32('x'), once(sixth(clipped))], { commutative: true }),
  ),
  replace: formulaOf((g, x) => g.hSwish(x)),
});

/** x·hardsigmoid(x; 1/6, 1/2) = hswish(x). */
const hswishOfHardSigmoid = rule({
  name: 'recognise hard swish of a hard sigmoid',
  pattern: node(opsOf('mul'), [f32('x'), once(node(opsOf('hard_sigmoid'), [any('x'), scalar('a', 1 / 6), scalar('b', 0.5)]))], {
    commutative: true,
  }),
  replace: (g, get) => g.hSwish(get('x')),
});

/** x·sigmoid(x) = swish(x). */
const swish = rule({
  name: 'recognise swish',
  pattern: node(opsOf('mul'), [f32('x'), once(node(opsOf('sigmoid'), [any('x')]))], { commutative: true }),
  replace: (g, get) => g.swish(get('x'), undefined),
});

/** x·(1 + φ)·½, in the orders in which exporters write the three factors. */
const halfOfSum = (phi: pattern.Pattern): pattern.Pattern => {
  const sum = once(node(opsOf('add'), [phi, scalar('one', 1)], { commutative: true }));
  const times = (a: pattern.Pattern, b: pattern.Pattern): pattern.Pattern => node(opsOf('mul'), [a, b], { commutative: true });
  const half = scalar('half', 0.5);
  return either(times(once(times(f32('x'), sum)), half), times(once(times(f32('x'), half)), sum), times(f32('x'), once(times(sum, half))));
};

/** x·(1 + erf(x/√2))·½ = gelu(x). */
const gelu = rule({
  name: 'recognise gelu',
  pattern: halfOfSum(
    once(
      node(opsOf('erf'), [
        once(
          either(
            node(opsOf('div'), [any('x'), scalar('root', Math.SQRT2)]),
            node(opsOf('mul'), [any('x'), scalar('root', Math.SQRT1_2)], { commutative: true }),
          ),
        ),
      ]),
    ),
  ),
  replace: formulaOf((g, x) => g.gelu(x, {})),
});

/** x/c = x·(1/c) for a power of two c: exact where 1/c is a normal number. */
const divideByPowerOfTwo = rule({
  name: 'division by a power of two',
  pattern: node(opsOf('div'), [f32('x'), scalar('c')]),
  replace(g, get) {
    const c = uniform(get('c'));
    const power = Math.log2(Math.abs(c ?? 0));
    return c && Number.isInteger(power) && Math.abs(power) <= 126 && get('c').fact.type === 'f32'
      ? g.multiply(get('x'), g.constant('f32', get('c').fact.value?.shape ?? [], new Array(get('c').fact.value?.size ?? 1).fill(1 / c)))
      : undefined;
  },
});

/** x − c = x + (−c). */
const subtractConstant = rule({
  name: 'subtraction of a constant',
  pattern: node(opsOf('sub'), [f32('x'), constant('c')]),
  replace(g, get) {
    const literal = get('c').fact.value;
    if (!literal || literal.type !== 'f32' || literal.size > costs.folding.negated) return undefined;
    return g.add(
      get('x'),
      g.constant(
        'f32',
        literal.shape,
        Array.from(literal.nd().data as Float32Array, (v) => -v),
      ),
    );
  },
});

/** x·1 = x. */
const identity = rule({
  name: 'identity',
  pattern: node(opsOf('mul'), [f32('x'), where('one', (v) => uniform(v) === 1)], { commutative: true }),
  replace: formulaOf((_, x) => (x.node.op.name === 'Parameter' ? undefined : x)),
});

/**
 * mean(conv(x, w)) = conv(mean(x), w) over the picture, for a pointwise convolution: worth it where it has more outputs than
 * inputs, as the laterals before squeeze-and-excitation have.
 */
const meanOfPointwise = rule({
  name: 'mean of a pointwise convolution',
  pattern: node(names.mean, [node(names.convolution, [f32('x'), constant('w')], { as: 'conv', test: isPointwise }), constant('axes')], {
    test: (n) => n.attributes.keep_dims === true,
  }),
  replace(g, get, { nodes }) {
    const conv = nodes.get('conv');
    const [outputs, inputs] = get('w').fact.shape ?? [];
    if (!overPicture(get('axes')) || !conv || typeof outputs !== 'number' || typeof inputs !== 'number' || !costs.widens(outputs, inputs))
      return undefined;
    return g.convolution(g.reduceMean(get('x'), get('axes'), { keep_dims: true }), get('w'), conv.attributes as never);
  },
});

const keepsAxes = { test: (n: Node): boolean => n.attributes.keep_dims === true };

/** (x − mean x) / √(mean (x − mean x)² + ε) = mvn(x), over the same axes. */
const meanVariance = rule({
  name: 'recognise mean and variance',
  pattern: node(opsOf('div'), [
    named('centred', node(opsOf('sub'), [f32('x'), node(names.mean, [any('x'), constant('axes')], keepsAxes)])),
    once(
      root(
        once(
          node(
            opsOf('add'),
            [
              once(
                node(
                  names.mean,
                  [
                    once(
                      either(node(opsOf('pow'), [any('centred'), scalar('two', 2)]), node(opsOf('mul'), [any('centred'), any('centred')])),
                    ),
                    constant('sameAxes'),
                  ],
                  keepsAxes,
                ),
              ),
              scalar('eps'),
            ],
            { commutative: true },
          ),
        ),
      ),
    ),
  ]),
  replace: formulaOf((g, x, get) => {
    const rank = x.fact.shape?.length;
    const eps = uniform(get('eps'));
    if (rank === undefined || eps === undefined) return undefined;
    const axesOf = (name: string): number[] =>
      numbersOf((get(name).fact.value as Literal).nd())
        .map((a) => (a < 0 ? a + rank : a))
        .sort((a, b) => a - b);
    if (axesOf('axes').join() !== axesOf('sameAxes').join()) return undefined;
    return g.mvn(x, get('axes'), { normalize_variance: true, eps, eps_mode: 'INSIDE_SQRT' });
  }),
});

/** An axis read as [group, size / group], these two exchanged, and read as one axis again. */
const shuffleChannels = rule({
  name: 'recognise a shuffle of channels',
  pattern: node(names.reshape, [once(node(names.transpose, [once(node(names.reshape, [any('x')], { as: 'cut' })), constant('order')]))]),
  replace(g, get, { nodes, root }) {
    const whole = get('x').fact.shape;
    const cut = nodes.get('cut')?.output.fact.shape;
    const result = root.fact.shape;
    const axis = whole && cut ? whole.findIndex((d, i) => d !== cut[i]) : -1;
    if (!whole || !cut || !result || axis < 0 || cut.length !== whole.length + 1 || whole.some((d, i) => d !== result[i])) return undefined;
    const [group, each] = [cut[axis], cut[axis + 1]];
    const order = numbersOf((get('order').fact.value as Literal).nd());
    // An empty order reverses all axes.
    const exchanges = order.length === cut.length && order.every((from, i) => from === (i === axis ? axis + 1 : i === axis + 1 ? axis : i));
    const fits =
      typeof group === 'number' &&
      typeof each === 'number' &&
      group * each === whole[axis] &&
      whole.slice(axis + 1).every((d, i) => d === cut[axis + 2 + i]);
    return fits && exchanges ? g.shuffleChannels(get('x'), { axis, group }) : undefined;
  },
});

/** The rules for a model. */
export const canonicalRules = (): readonly Rule[] => [
  hswish,
  hswishOfHardSigmoid,
  swish,
  gelu,
  divideByPowerOfTwo,
  subtractConstant,
  identity,
  meanOfPointwise,
  meanOfWindows(),
  meanOfShares,
  meanVariance,
  shuffleChannels,
];
