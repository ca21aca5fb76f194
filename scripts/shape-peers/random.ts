/** @file Random models with open dimensions: single operations from the rooms' generators, and chains with shape arithmetic. */
import { readdirSync } from 'node:fs';
import { builder, Model, type PartialShape, rooms, type Builder, type Literal, type Node, type Op, type Value } from '@cuvee/core';
import { Random, type Cases } from '../../packages/core/src/ops/cases.js';

const folder = new URL('../../packages/core/src/ops/', import.meta.url);
const generators = (
  await Promise.all(
    readdirSync(folder)
      .filter((f) => f.endsWith('.cases.ts'))
      .sort()
      .map(async (f) => ((await import(new URL(f, folder).href)) as { default: Cases }).default),
  )
).filter((c) => c.generate);

/** A shape that allows `sizes`: each dimension fixed, open, or a range around its size. */
function relaxed(random: Random, sizes: readonly number[]): string {
  const one = (d: number): string => {
    const kind = random.int(0, 4);
    if (kind < 2) return String(d);
    if (kind === 2) return '?';
    const lo = Math.max(0, d - random.int(0, 3));
    return kind === 3 ? `${lo}..${d + random.int(1, 4)}` : `${lo}..`;
  };
  return `[${sizes.map(one).join(',')}]`;
}

/** One operation with the attributes and inputs that its room generates; small integer inputs are mostly constants. */
export function operation(seed: number): Model {
  const random = new Random(seed);
  const cases = generators[seed % generators.length] as Cases;
  const test = (cases.generate as NonNullable<Cases['generate']>)(random);
  const g = builder();
  const nodes: Node[] = [];
  const inputs = test.inputs.map((input: Literal | undefined, i) => {
    if (!input) return undefined;
    const indices = /^[iu]/.test(input.type) && i > 0;
    if (test.constants?.includes(i) || (indices && random.next() < 0.8)) return g.constant(input);
    const value = g.parameter(input.type, relaxed(random, input.shape));
    nodes.push(value.node);
    return value;
  });
  const outputs = g.node(rooms.get(cases.op) as Op, inputs, test.attributes ?? {});
  return new Model({ name: cases.op, parameters: nodes, results: outputs.map((v) => g.result(v)), scope: g.scope });
}

const i64 = (g: Builder, values: readonly number[]): Value => g.constant('i64', [values.length], values);

/** Operations that go on from a tensor of rank ≥ 1; each gives a tensor again. */
const steps: readonly ((g: Builder, x: Value, random: Random) => Value)[] = [
  (g, x) => g.relu(x),
  (g, x, r) => g.concat([x, r.next() < 0.5 ? x : g.relu(x)], { axis: r.int(0, rank(x) - 1) }),
  (g, x, r) =>
    g.transpose(
      x,
      i64(
        g,
        [...Array(rank(x)).keys()].sort(() => r.next() - 0.5),
      ),
      {},
    ),
  (g, x, r) => g.unsqueeze(x, i64(g, [r.int(0, rank(x))]), {}),
  (g, x, r) => g.reduceMax(x, i64(g, [r.int(0, rank(x) - 1)]), { keep_dims: true }),
  (g, x, r) => {
    const [start, step] = [r.int(-4, 4), r.pick([1, 2, 3, -1, -2])];
    return g.slice(x, i64(g, [start]), i64(g, [r.pick([start + 3, 100, -1, -100])]), i64(g, [step]), i64(g, [r.int(0, rank(x) - 1)]));
  },
  (g, x, r) => g.add(x, g.reduceSum(x, i64(g, [r.int(0, rank(x) - 1)]), { keep_dims: true }), {}),
  (g, x, r) => {
    const pads = (): number[] => Array.from({ length: rank(x) }, () => r.int(0, 2));
    return g.pad(x, i64(g, pads()), i64(g, pads()), undefined, { pad_mode: 'constant' });
  },
  (g, x, r) =>
    g.tile(
      x,
      i64(
        g,
        Array.from({ length: rank(x) }, () => r.int(1, 3)),
      ),
      {},
    ),
  // Flattens two neighbours, by arithmetic on the shape as exporters write it.
  (g, x, r) => {
    if (rank(x) < 2) return g.relu(x);
    const at = r.int(0, rank(x) - 2);
    const sizes = g.shapeOf(x, { output_type: 'i64' });
    const size = (i: number): Value => g.gather(sizes, i64(g, [i]), g.constant('i64', [], [0]), {});
    const parts = [...Array(rank(x)).keys()].filter((i) => i !== at + 1);
    const target = parts.map((i) => (i === at ? (r.next() < 0.5 ? g.multiply(size(i), size(i + 1), {}) : i64(g, [-1])) : size(i)));
    return g.reshape(x, g.concat(target, { axis: 0 }), { special_zero: false });
  },
  // Half of an axis, its length divided.
  (g, x, r) => {
    const axis = r.int(0, rank(x) - 1);
    const sizes = g.shapeOf(x, { output_type: 'i64' });
    const half = g.divide(g.gather(sizes, i64(g, [axis]), g.constant('i64', [], [0]), {}), i64(g, [2]), {});
    return g.slice(x, i64(g, [0]), half, i64(g, [1]), i64(g, [axis]));
  },
  (g, x, r) => g.reshape(x, i64(g, r.next() < 0.5 ? [0, -1] : [-1]), { special_zero: true }),
  (g, x) => g.broadcast(g.constant('f32', [1], [0]), g.shapeOf(x, { output_type: 'i64' }), undefined, { mode: 'numpy' }),
];

const rank = (x: Value): number => x.fact.shape?.length ?? 0;

/** An image through a few convolutions and poolings, then a chain of the steps above. */
export function chain(seed: number): Model {
  const random = new Random(seed);
  const g = builder();
  const x = g.parameter('f32', relaxed(random, [random.int(1, 3), 4, random.int(8, 20), random.int(8, 20)]));
  let at: Value = x;
  const image = random.int(0, 2);
  for (let i = 0; i < image; i++) {
    const stride = random.int(1, 3);
    const pad = random.int(0, 1);
    const kernel = random.int(1, 3);
    const window = { strides: [stride, stride], pads_begin: [pad, pad], pads_end: [pad, random.int(0, 1)] };
    at =
      random.next() < 0.6
        ? g.convolution(at, g.constant('f32', [4, 4, kernel, kernel], new Float32Array(16 * kernel * kernel)), {
            ...window,
            dilations: [1, 1],
            auto_pad: random.pick(['explicit', 'same_upper', 'valid']),
          })
        : g.avgPool(at, {
            ...window,
            kernel: [kernel + 1, kernel + 1],
            'exclude-pad': false,
            rounding_type: random.pick(['floor', 'ceil']),
          });
  }
  const count = random.int(1, 5);
  for (let i = 0; i < count; i++) at = random.pick(steps)(g, at, random);
  return new Model({ name: 'chain', parameters: [x.node], results: [g.result(at)], scope: g.scope });
}

/** The intervals of a model's results. */
export const shapesOf = (model: Model): PartialShape[] => model.outputs.map((v) => v.partialShape);
