/**
 * Random networks of the forms that rewrite rules look for, with what may keep a rule from being exact: odd pads, strides, dilations, groups,
 * `auto_pad`, other axes, constants of more axes than the data, scales that only nearly double, sizes that only the run tells. The same
 * seed gives the same network.
 */
import { builder, Model, type Builder, type ElementType, type Value } from '@cuvee/core';
import { Random } from '../../../core/src/ops/cases.js';

/** A network and the shape of its only input. */
export interface Network {
  readonly model: Model;
  readonly size: readonly number[];
  readonly type: ElementType;
}

/** A value and its shape when the network runs. */
interface Made {
  readonly v: Value;
  readonly size: readonly number[];
}
type Size = readonly [number, number, number, number];

const times = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
const isPicture = ({ size }: Made): boolean => size.length === 4;

/** What is there so far, and how more is made of it. */
class Draw {
  readonly r: Random;
  readonly g: Builder = builder();
  readonly type: ElementType;
  /** Whether sizes are numbers for the compiler, too. */
  readonly told: 'all' | 'some' | 'channels';
  readonly pool: Made[] = [];

  constructor(seed: number) {
    this.r = new Random(seed);
    this.type = this.chance(0.9) ? 'f32' : this.r.pick(['f16', 'f64']);
    this.told = this.r.pick(['all', 'all', 'some', 'channels']);
    const times = this.r.pick([1, 1, 2, 4]);
    const size = [
      this.r.pick([1, 1, 1, 2]),
      this.r.pick([2, 3, 4, 5, 8, 16, 17]),
      times * this.r.pick([1, 2, 3, 4, 5, 8]),
      times * this.r.pick([1, 2, 3, 4, 6, 8]),
    ];
    const open: readonly number[] = { all: [], some: [2, 3], channels: [0, 2, 3] }[this.told];
    this.put(this.g.parameter(this.type, size.map((d, i) => (open.includes(i) ? '?' : d)).join(), 'x'), size);
  }

  chance(p: number): boolean {
    return this.r.next() < p;
  }
  put(v: Value, size: readonly number[]): Made {
    const made = { v, size };
    this.pool.push(made);
    return made;
  }
  /** The newest that fits, or any; the input when nothing does. */
  some(fits: (made: Made) => boolean = isPicture): Made {
    const all = this.pool.filter(fits);
    return (this.chance(0.5) ? all.at(-1) : undefined) ?? (all.length > 0 ? this.r.pick(all) : (this.pool[0] as Made));
  }
  random(size: readonly number[]): Value {
    return this.g.constant(this.r.tensor(this.type, size, -0.5, 0.5));
  }
  /** A number, now and then with as many axes as a picture and more elements than one. */
  number(value: number, of: Made): Value {
    const drawn = this.r.pick([[], [], [1], [1, 1, 1, 1], [of.size.at(-1) ?? 1]]);
    const shape = this.told === 'all' || times(drawn) === 1 ? drawn : [];
    return this.g.constant(this.type, shape, new Array(times(shape)).fill(value));
  }
  /** The size of a formula of x and of such numbers. */
  like(v: Value, { size }: Made): Made {
    const rank = v.fact.shape?.length ?? size.length;
    return this.put(v, [...new Array<number>(rank - size.length).fill(1), ...size]);
  }
}

/** A convolution; `plain`: as networks have them. Undefined where nothing is left of the picture. */
function convolution(d: Draw, x: Made, outputs: number, kernel: number, plain: boolean): Made | undefined {
  const { r, g } = d;
  const [n, channels, ...picture] = x.size as Size;
  const odd = !plain && d.chance(0.4);
  const same = kernel >> 1;
  const strides = new Array(2).fill(odd ? r.pick([1, 2]) : 1) as number[];
  const dilations = new Array(2).fill(odd ? r.pick([1, 2]) : 1) as number[];
  const pads_begin = [same, same].map((p) => (odd ? r.pick([0, 1, 2]) : p));
  const pads_end = pads_begin.map((p) => (odd && d.chance(0.3) ? r.pick([0, 1]) : p));
  const auto_pad = d.chance(0.15) ? r.pick(['same_upper', 'same_lower', 'valid'] as const) : ('explicit' as const);
  const size = picture.map((length, i) => {
    const step = strides[i] as number;
    if (auto_pad.startsWith('same')) return Math.ceil(length / step);
    const pads = auto_pad === 'valid' ? 0 : (pads_begin[i] as number) + (pads_end[i] as number);
    return Math.floor((length + pads - (kernel - 1) * (dilations[i] as number) - 1) / step) + 1;
  });
  if (size.some((length) => length < 1)) return undefined;
  const groups = !plain && d.chance(0.15) && channels % 2 === 0 && outputs % 2 === 0 ? 2 : 1;
  const how = { strides, dilations, pads_begin, pads_end, auto_pad };
  const y =
    groups === 2
      ? g.groupConvolution(x.v, d.random([2, outputs / 2, channels / 2, kernel, kernel]), how)
      : g.convolution(x.v, d.random([outputs, channels, kernel, kernel]), how);
  return d.put(y, [n, outputs, ...size]);
}

/** A constant that broadcasts to x in one of the usual ways and in some others. */
function addend(d: Draw, { size }: Made): Value {
  const [, channels, height, width] = size as Size;
  const all = [[], [1], [1, 1, 1, 1], [1, channels, 1, width], [1, 1, height, width]];
  return d.random(
    d.chance(0.6) ? [1, channels, 1, 1] : d.chance(0.3) ? [channels, 1, 1] : d.told === 'all' ? d.r.pick(all) : [1, channels, 1, 1],
  );
}

/** x·s or x + x·s for factors s of its own mean. */
function excited(d: Draw, x: Made): Made {
  const { g } = d;
  const mean = d.put(g.reduceMean(x.v, g.ints([2, 3]), { keep_dims: true }), [...x.size.slice(0, 2), 1, 1]);
  const wider = d.chance(0.7) ? convolution(d, mean, x.size[1] as number, 1, true) : mean;
  if (wider?.size.join() !== mean.size.join()) return x;
  const factors = g.sigmoid(wider.v);
  const product = d.put(d.chance(0.5) ? g.multiply(x.v, factors) : g.multiply(factors, x.v), x.size);
  if (d.chance(0.3)) return product;
  return d.put(d.chance(0.5) ? g.add(x.v, product.v) : g.add(product.v, x.v), x.size);
}

/** A nearest upsampling, or something that is nearly one. */
function upsampled(d: Draw, x: Made, whole: number = d.r.pick([2, 2, 4, 8])): Made | undefined {
  const { r, g } = d;
  const by = whole + (d.chance(0.15) ? r.pick([0.1, 0.3]) : 0);
  const to = x.size.slice(2).map((length) => Math.floor(Math.fround(length * Math.fround(by))));
  if (to.some((length) => length > 40)) return undefined;
  const coordinates = d.chance(0.85)
    ? r.pick(['asymmetric', 'half_pixel'] as const)
    : r.pick(['pytorch_half_pixel', 'tf_half_pixel_for_nn', 'align_corners'] as const);
  const rounding =
    coordinates === 'asymmetric' && d.chance(0.9)
      ? ('floor' as const)
      : r.pick(['simple', 'ceil', 'round_prefer_ceil', 'round_prefer_floor'] as const);
  const how = {
    mode: d.chance(0.95) ? ('nearest' as const) : ('linear_onnx' as const),
    coordinate_transformation_mode: coordinates,
    nearest_mode: rounding,
  };
  const bySizes = d.told === 'all' && d.chance(0.3);
  const y = bySizes
    ? g.interpolate(x.v, g.ints(to), g.ints([2, 3]), { ...how, shape_calculation_mode: 'sizes' })
    : g.interpolate(x.v, g.constant('f32', [2], [by, by]), g.ints([2, 3]), { ...how, shape_calculation_mode: 'scales' });
  return d.put(y, [...x.size.slice(0, 2), ...to]);
}

/** A 3x3 convolution of a lateral and an upsampled level. */
function pyramid(d: Draw): void {
  const { r, g } = d;
  const wide = r.pick([16, 40, 64]);
  const lateral = (x: Made): Made | undefined => {
    const y = x.size[1] === wide && d.chance(0.3) ? x : convolution(d, x, wide, 1, true);
    const weighed = y && d.chance(0.4) ? excited(d, y) : y;
    return weighed && d.chance(0.3) ? d.put(g.add(weighed.v, addend(d, weighed)), weighed.size) : weighed;
  };
  const by = r.pick([2, 2, 4]);
  const below = d.some((m) => isPicture(m) && m.size.slice(2).every((n) => n % by === 0 && n <= 32));
  const [n, channels, height, width] = below.size as Size;
  const narrow = r.pick([3, 8, 16]);
  const how = { strides: [by, by], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0] };
  const small = g.convolution(below.v, d.random([narrow, channels, 1, 1]), how);
  const top = lateral(d.put(small, [n, narrow, Math.ceil(height / by), Math.ceil(width / by)]));
  const above = top && upsampled(d, top, by);
  const own = d.chance(0.9) ? lateral(below) : { v: d.random([1, wide, 1, 1]), size: above?.size ?? [] };
  if (!above || own?.size.join() !== above.size.join()) return;
  const sum = d.put(d.chance(0.5) ? g.add(own.v, above.v) : g.add(above.v, own.v), above.size);
  const y = convolution(d, sum, r.pick([16, 24]), 3, d.chance(0.8));
  if (y && d.chance(0.5)) excited(d, y);
}

/** An axis cut in two, these exchanged (or all axes turned round), and read as one again. */
function shuffled(d: Draw, { v, size }: Made): void {
  const { r, g } = d;
  if (d.told !== 'all') return;
  const axis = r.pick([1, 1, 1, 0, 2, 3]);
  const length = size[axis] as number;
  const group = r.pick([1, 2, 3, 4, length].filter((n) => length % n === 0));
  const cut = [...size.slice(0, axis), group, length / group, ...size.slice(axis + 1)];
  const exchanged = cut.map((_, i) => (i === axis ? axis + 1 : i === axis + 1 ? axis : i));
  const order = d.chance(0.7) ? exchanged : r.pick([[], [...exchanged].reverse()]);
  const as = (x: Value, shape: readonly number[]): Value => g.reshape(x, g.ints(shape), { special_zero: false });
  d.put(as(g.transpose(as(v, cut), g.ints(order)), size), size);
}

/** (x − mean x) / √(mean (x − mean x)² + ε), over the same axes or not, times and plus rows. */
function normalised(d: Draw, x: Made): void {
  const { r, g } = d;
  const axes = r.pick([[-1], [1, 2, 3], [2, 3], [3], []]);
  const centred = g.subtract(x.v, g.reduceMean(x.v, g.ints(axes), { keep_dims: true }));
  const squared = d.chance(0.5) ? g.power(centred, d.number(2, x)) : g.multiply(centred, centred);
  const mean = g.reduceMean(squared, g.ints(d.chance(0.85) ? axes : [2, 3]), { keep_dims: true });
  const variance = g.add(mean, d.number(0.01, x));
  const y = g.divide(centred, d.chance(0.5) ? g.sqrt(variance) : g.power(variance, d.number(0.5, x)));
  const width = x.size[3] as number;
  d.put(d.told === 'all' && d.chance(0.5) ? g.add(g.multiply(y, d.random([width])), d.random([width])) : y, x.size);
}

/** x·w along the last axis, w as it is or transposed, and what follows a product: sums and factors of many shapes, an activation, itself. */
function product(d: Draw, x: Made): void {
  const { r, g } = d;
  const depth = x.size.at(-1) as number;
  const wide = r.pick([1, 5, 16, 24]);
  const transposed = d.chance(0.5);
  const w = d.random(transposed ? [wide, depth] : [depth, wide]);
  const size = [...x.size.slice(0, -1), wide];
  let y = d.put(g.matMul(x.v, w, { transpose_b: transposed }), size);
  for (let left = r.int(0, 3); left > 0; left--) {
    const rows = size.at(-2) ?? 1;
    const shape = r.pick([[wide], [1, wide], [1, 1, 1, wide], [], [1], [rows, 1], [rows, wide]]);
    const c = d.random(d.told === 'all' ? shape : [wide]);
    const made = r.pick([
      () => g.add(y.v, c),
      () => g.multiply(y.v, c),
      () => g.subtract(y.v, c),
      () => g.relu(y.v),
      () => g.gelu(y.v, {}),
      () => g.add(y.v, y.v),
      () => g.multiply(g.sigmoid(y.v), y.v),
    ])();
    y = d.like(made, y);
  }
}

/** A transposed or a depthwise convolution, with what may follow it. */
function lessUsual(d: Draw, x: Made): void {
  const { r, g } = d;
  const [n, channels, ...picture] = x.size as Size;
  const kernel = r.pick([2, 3]);
  if (d.chance(0.5)) {
    const stride = r.pick([1, 2]);
    const outputs = r.pick([1, 8, 24]);
    const size = picture.map((length) => (length - 1) * stride + kernel);
    if (size.some((length) => length > 40)) return;
    const how = { strides: [stride, stride], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0] };
    const y = d.put(g.convolutionBackpropData(x.v, d.random([channels, outputs, kernel, kernel]), undefined, how), [n, outputs, ...size]);
    const z = d.chance(0.6) ? d.put(g.add(y.v, addend(d, y)), y.size) : y;
    d.put(r.pick([() => g.relu(z.v), () => g.sigmoid(z.v), () => g.multiply(z.v, addend(d, z))])(), z.size);
    return;
  }
  const how = { strides: [1, 1], dilations: [1, 1], pads_begin: [1, 1], pads_end: [1, 1] };
  const y = d.put(g.groupConvolution(x.v, d.random([channels, 1, 1, 3, 3]), how), x.size);
  const z = d.chance(0.6) ? d.put(g.add(y.v, addend(d, y)), y.size) : y;
  const v = d.chance(0.5) ? d.put(g.hSwish(z.v), z.size) : z;
  d.put(d.chance(0.5) ? g.multiply(v.v, addend(d, v)) : g.add(v.v, x.v), v.size);
}

const steps: readonly ((d: Draw) => void)[] = [
  (d) =>
    d.told === 'all' &&
    product(
      d,
      d.some(({ size }) => size.length > 1),
    ),
  (d) => lessUsual(d, d.some()),
  (d) => void convolution(d, d.some(), d.r.pick([3, 4, 8, 16, 24, 40]), 1, d.chance(0.7)),
  (d) => void convolution(d, d.some(), d.r.pick([8, 16, 17, 24]), 3, d.chance(0.7)),
  (d) => void excited(d, d.some()),
  (d) => void upsampled(d, d.some()),
  (d) => shuffled(d, d.some()),
  (d) => normalised(d, d.some()),
  pyramid,
  pyramid,
  pyramid,
  (d) => {
    const x = d.some();
    const { g } = d;
    const y = addend(d, x);
    d.put(d.r.pick([() => g.add(x.v, y), () => g.multiply(x.v, y), () => g.multiply(y, x.v), () => g.subtract(x.v, y)])(), x.size);
  },
  (d) => {
    const x = d.some();
    const y = d.r.pick(d.pool.filter((m) => isPicture(m) && m.size.every((n, i) => n === 1 || n === x.size[i])));
    const { g } = d;
    d.put(d.r.pick([() => g.add(x.v, y.v), () => g.add(y.v, x.v), () => g.multiply(x.v, y.v), () => g.multiply(y.v, x.v)])(), x.size);
  },
  (d) => {
    const x = d.some();
    const axes = d.chance(0.8)
      ? d.r.pick([
          [2, 3],
          [3, 2],
          [-1, -2],
        ])
      : d.r.pick([[2], [1], [1, 2, 3], [0, 2, 3]]);
    const gone = (i: number): boolean => axes.some((a) => (a + 4) % 4 === i);
    const keep_dims = d.chance(0.95);
    const size = x.size.flatMap((n, i) => (gone(i) ? (keep_dims ? [1] : []) : [n]));
    d.put(d.g.reduceMean(x.v, d.g.ints(axes), { keep_dims }), size);
  },
  (d) => {
    const { v, size } = d.some(() => true);
    const { g } = d;
    d.put(d.r.pick([() => g.relu(v), () => g.sigmoid(v), () => g.multiply(v, g.sigmoid(v)), () => g.clamp(v, { min: 0, max: 6 })])(), size);
  },
  (d) => {
    const x = d.some(() => true);
    const { g } = d;
    const clipped = g.clamp(g.add(x.v, d.number(3, x)), { min: 0, max: 6 });
    d.like(
      d.chance(0.5) ? g.divide(g.multiply(x.v, clipped), d.number(6, x)) : g.multiply(x.v, g.multiply(clipped, d.number(1 / 6, x))),
      x,
    );
  },
  (d) => {
    const x = d.some(() => true);
    const { g } = d;
    const sum = g.add(g.erf(g.divide(x.v, d.number(Math.SQRT2, x))), d.number(1, x));
    d.like(d.chance(0.5) ? g.multiply(g.multiply(x.v, sum), d.number(0.5, x)) : g.multiply(g.multiply(x.v, d.number(0.5, x)), sum), x);
  },
  (d) => {
    const x = d.some();
    d.like(d.chance(0.5) ? d.g.divide(x.v, d.number(d.r.pick([2, 0.5, -4, 3]), x)) : d.g.multiply(x.v, d.number(1, x)), x);
  },
  (d) => {
    const x = d.some();
    const y = d.r.pick(d.pool.filter((m) => isPicture(m) && m.size.every((n, i) => i === 1 || n === x.size[i])));
    const channels = (x.size[1] as number) + (y.size[1] as number);
    if (channels <= 80)
      d.put(
        d.g.concat([x.v, y.v], { axis: 1 }),
        x.size.map((n, i) => (i === 1 ? channels : n)),
      );
  },
];

export function network(seed: number): Network {
  const d = new Draw(seed);
  const { size, v } = d.pool[0] as Made;
  for (let left = d.r.int(2, 9); left > 0; left--) d.r.pick(steps)(d);
  const results = new Set([d.pool.at(-1) as Made, d.r.pick(d.pool)]);
  for (const { v: made } of results) if (made === v) results.clear();
  const made = results.size > 0 ? [...results].map((m) => m.v) : [d.g.relu(v)];
  const model = new Model({ name: `network ${seed}`, parameters: [v.node], results: made.map((m) => d.g.result(m)), scope: d.g.scope });
  return { model, size, type: d.type };
}
