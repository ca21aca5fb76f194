/** @file Models that the checks run, of the plainest operations, and their results. */
import { builder, floating, Literal, Model, op, port, Tensor, type Builder, type ElementType, type Value } from '@cuvee/core';
import { must } from './check.js';

/** A model of results by name. */
export function modelOf(
  name: string,
  build: (g: Builder) => { inputs: readonly Value[]; outputs: Readonly<Record<string, Value>> },
): Model {
  const g = builder();
  const { inputs, outputs } = build(g);
  const results = Object.entries(outputs).map(([key, value]) => {
    const result = g.result(value, key);
    result.output.names = [key]; // else an input handed through keeps its name
    return result;
  });
  return new Model({ name, parameters: inputs.map((v) => v.node), results, scope: g.scope });
}

export const vector = (...values: number[]): Tensor => new Tensor('f32', [values.length], Float32Array.from(values));
/** n numbers that tell one run from another. */
export const counting = (n: number, from = 0): Tensor => vector(...Array.from({ length: n }, (_, i) => from + i / 8));

/** y = x · x + x. */
export const parabola = (shape = '?', type: ElementType = 'f32'): Model =>
  modelOf('parabola', (g) => {
    const x = g.parameter(type, shape, 'x');
    return { inputs: [x], outputs: { y: g.add(g.multiply(x, x), x) } };
  });
/** Whether `y` is the parabola of x. */
export function isParabola(y: Tensor | undefined, x: Tensor, what: string): void {
  closeTo(
    y,
    Array.from(x.values() as ArrayLike<number>, (v) => Number(v) * Number(v) + Number(v)),
    what,
    x.shape,
  );
}

/** first = a · b + a, second = a + b, third = b: neither inputs nor outputs can be exchanged unnoticed. */
export const pair = (): Model =>
  modelOf('pair', (g) => {
    const a = g.parameter('f32', '?', 'a');
    const b = g.parameter('f32', '?', 'b');
    return { inputs: [a, b], outputs: { first: g.add(g.multiply(a, b), a), second: g.add(a, b), third: b } };
  });

/** y = x · w + 1, x [1, n], with a constant of so many bytes, whose values are all `weight`. */
export const weighted = (bytes: number, weight = 1): Model =>
  modelOf('weighted', (g) => {
    const n = bytes / 4;
    const x = g.parameter('f32', `1,${n}`, 'x');
    const w = g.constant(Literal.of('f32', [1, n], new Float32Array(n).fill(weight)));
    return { inputs: [x], outputs: { y: g.add(g.multiply(x, w), g.scalar(1, x)) } };
  });
/** Its input, of one value everywhere. */
export const weightless = (bytes: number, value = 1): Tensor => new Tensor('f32', [1, bytes / 4], new Float32Array(bytes / 4).fill(value));

/** A chain of products that takes a while: x [?, 96] times a matrix of means, `depth` times. */
export const products = (depth = 40, size = 96): Model =>
  modelOf('products', (g) => {
    const x = g.parameter('f32', `?,${size}`, 'x');
    const means = Literal.of('f32', [size, size], new Float32Array(size * size).fill(1 / size));
    let y = x;
    for (let i = 0; i < depth; i++) y = g.matMul(y, g.constant(means));
    return { inputs: [x], outputs: { y } };
  });

/** Many nodes, half of them sums and half products: what takes long to compile. */
export const long = (nodes: number): Model =>
  modelOf('long', (g) => {
    const x = g.parameter('f32', '?', 'x');
    let y = x;
    for (let i = 0; i < nodes; i++) y = i < nodes / 2 ? g.add(y, x) : g.multiply(y, x);
    return { inputs: [x], outputs: { y } };
  });

/** y = what was summed up before + x, kept in state "sum". */
export function accumulator(): Model {
  const g = builder();
  const x = g.parameter('f32', '2', 'x');
  const start = g.constant(Literal.from('f32', [2], [10, 20]));
  const before = g.readValue(start, { variable_id: 'sum', variable_shape: '2', variable_type: 'f32' });
  const after = g.add(before, x);
  const assign = g.assign(after, { variable_id: 'sum' });
  return new Model({ name: 'accumulator', parameters: [x.node], results: [g.result(after, 'y')], sinks: [assign.node], scope: g.scope });
}

/** An operation that no device can know. */
const Unheard = op('UnheardOf', {
  domain: 'cuvee.contract',
  inputs: [port('data', floating)],
  outputs: [port('output', floating)],
  infer: ({ data }) => data,
});
/** y = UnheardOf(x) + x; the node is called "mystery". */
export const unsupported = (): Model =>
  modelOf('unsupported', (g) => {
    const x = g.parameter('f32', '?', 'x');
    const [made] = g.node(Unheard, [x], {}, { name: 'mystery' });
    return { inputs: [x], outputs: { y: g.add(made as Value, x) } };
  });

/** Whether a tensor has these values, to 1e-5 of the largest, and this shape. */
export function closeTo(tensor: Tensor | undefined, values: readonly number[], what: string, shape?: readonly number[]): void {
  must(tensor, `${what}: there is no such output`);
  const wanted = shape ?? [values.length];
  must(tensor.shape.join() === wanted.join(), `${what}: shape [${tensor.shape.join(',')}], expected [${wanted.join(',')}]`);
  const got = Array.from(tensor.values() as ArrayLike<number>, Number);
  const scale = Math.max(1, ...values.map(Math.abs));
  const wrong = got.findIndex((v, i) => !(Math.abs(v - (values[i] as number)) <= 1e-5 * scale));
  must(wrong < 0, `${what}: element ${wrong} is ${got[wrong]}, expected ${values[wrong]}`);
}
