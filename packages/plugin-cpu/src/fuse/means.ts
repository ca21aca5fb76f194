/**
 * @file Means of convolutions without the convolution, so that what they scale need not wait for a whole picture.
 *
 * The mean of a 3x3 convolution padded by one is a sum over its taps: each weighs the mean of the picture without the row and column that
 * its window never touches. `EdgeShares` holds what these means are made of. It is linear: of sums, of products with numbers for each
 * channel, of pointwise convolutions and of nearest upsamplings it follows from that of what they are made of. So squeeze-and-excitation
 * behind a pyramid's 3x3 convolutions (Liao et al., "Real-time scene text detection with differentiable binarization", 2022) needs its
 * narrow laterals only, and everything from there to the picture's end goes in strips.
 */
import { numbersOf, pattern, rule, type Builder, type Dim, type Node, type Rule, type Value } from '@cuvee/core';
import { costs } from '../costs.js';
import { opsOf } from '../ops/elementwise.js';
import { EdgeShares, EnlargedShares, MiddleShare, WindowMeans } from '../ops/edges.js';
import { names } from '../ops/names.js';
import { upsampled } from '../ops/pyramid.js';
import { sameShape } from '../ops/shapes.js';

const { constant, node, where } = pattern;

/** Whether axes are the two of a picture [n, c, h, w]. */
export function overPicture(axes: Value): boolean {
  const known = axes.fact.value && numbersOf(axes.fact.value.nd()).map((a) => (a < 0 ? a + 4 : a));
  return known?.sort((a, b) => a - b).join() === '2,3';
}

interface Windows {
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly pads_begin?: readonly number[];
  readonly pads_end?: readonly number[];
  readonly auto_pad?: string;
}

/** A convolution whose windows have so many rows and columns, go over each pixel, and are padded so far to each side. */
export function hasWindows(n: Node, size: number, pad: number): boolean {
  const { strides = [], dilations = [], pads_begin = [], pads_end = [], auto_pad } = n.attributes as Windows;
  const w = n.inputs[1]?.fact.shape;
  const same = auto_pad === 'same_upper' || auto_pad === 'same_lower'; // these and `valid` make explicit pads mean nothing
  return (
    w?.length === 4 &&
    w[2] === size &&
    w[3] === size &&
    strides.every((s) => s === 1) &&
    (size === 1 || dilations.every((d) => d === 1)) &&
    (same || (auto_pad === 'valid' ? pad === 0 : [...pads_begin, ...pads_end].every((p) => p === pad)))
  );
}

/** Every output pixel is made of the input pixel at its place. */
export const isPointwise = (n: Node): boolean => hasWindows(n, 1, 0);

/** A number for each channel, or one for all. */
const isPerChannel = (v: Value, channels: Dim): boolean => {
  const shape = v.fact.shape;
  return shape?.length === 4 && (shape[1] === channels || shape[1] === 1) && shape[2] === 1 && shape[3] === 1;
};

/** Shares of edges of values, each made once. */
class Shares {
  readonly #known = new Map<Value, Value>();

  /** Whether they follow from those of other values. */
  follow(v: Value): boolean {
    return this.#parts(v) !== undefined;
  }

  of(g: Builder, v: Value): Value {
    let shares = this.#known.get(v);
    if (!shares) {
      shares = this.#parts(v)?.(g) ?? (g.node(EdgeShares, [v], {})[0] as Value);
      this.#known.set(v, shares);
    }
    return shares;
  }

  #parts(v: Value): ((g: Builder) => Value) | undefined {
    const [a, b] = v.node.inputs;
    const op = v.node.op.name;
    if (!a || v.fact.type !== 'f32') return undefined;
    if (opsOf('add').includes(op) && b && sameShape(a, v) && sameShape(b, v)) return (g) => g.add(this.of(g, a), this.of(g, b));
    if (opsOf('mul').includes(op) && b) {
      const channels = v.fact.shape?.[1] as Dim;
      if (sameShape(a, v) && isPerChannel(b, channels)) return (g) => g.multiply(this.of(g, a), b);
      if (sameShape(b, v) && isPerChannel(a, channels)) return (g) => g.multiply(this.of(g, b), a);
      return undefined;
    }
    const widens = (w: readonly Dim[]): boolean => typeof w[0] === 'number' && typeof w[1] === 'number' && costs.widens(w[0], w[1]);
    if (op === names.convolution && b?.fact.value && isPointwise(v.node) && widens(b.fact.shape ?? []))
      return (g) => g.convolution(this.of(g, a), b, v.node.attributes as never);
    const { value, shift } = upsampled(v);
    if (shift === 0) return undefined;
    return (g) => g.node(EnlargedShares, [this.of(g, value)], { shift })[0] as Value;
  }
}

/** mean(conv3x3(x)) over the picture, where x's shares of edges follow from those of something else. */
export function meanOfWindows(): Rule {
  const shares = new Shares();
  return rule({
    name: 'mean of a 3x3 convolution',
    pattern: node(
      names.mean,
      [
        node(names.convolution, [where('x', (v) => shares.follow(v), Number.POSITIVE_INFINITY), constant('w')], {
          as: 'conv',
          test: (n) => hasWindows(n, 3, 1),
        }),
        constant('axes'),
      ],
      {
        test: (n) => n.attributes.keep_dims === true,
      },
    ),
    replace(g, get, { nodes }) {
      if (!overPicture(get('axes'))) return undefined;
      const { dilations, strides } = (nodes.get('conv') as Node).attributes as { readonly dilations: number[]; readonly strides: number[] };
      const seen = g.node(WindowMeans, [shares.of(g, get('x'))], {})[0] as Value;
      return g.convolution(seen, get('w'), { strides, dilations, pads_begin: [0, 0], pads_end: [0, 0] });
    },
  });
}

/** The mean of what has shares of edges anyhow is their middle. */
export const meanOfShares: Rule = rule({
  name: 'mean from shares of edges',
  pattern: node(names.mean, [where('x', (v) => sharesOf(v) !== undefined), constant('axes')], {
    test: (n) => n.attributes.keep_dims === true,
  }),
  replace(g, get) {
    return overPicture(get('axes')) ? (g.node(MiddleShare, [sharesOf(get('x')) as Value], {})[0] as Value) : undefined;
  },
});

const sharesOf = (v: Value): Value | undefined => [...v.users].find((user) => user.op === EdgeShares)?.output;
