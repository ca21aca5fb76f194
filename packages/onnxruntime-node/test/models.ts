/** @file Small ONNX files for these tests, made here. */
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from '../../frontend-onnx/src/proto/index.js';
import { writeModelProto } from '../../frontend-onnx/test/encode.js';
import { attribute, floats, graph, model, node, value } from '../../frontend-onnx/test/models.js';

export { attribute, floats, node, value };

/** A file from nodes and typed ports. */
export function file(
  nodes: readonly NodeProto[],
  inputs: readonly ValueInfoProto[],
  outputs: readonly ValueInfoProto[],
  weights: readonly TensorProto[] = [],
): Uint8Array {
  const g: GraphProto = { ...graph(nodes, inputs, [], weights), output: outputs };
  return writeModelProto(model(g, [], 21));
}

/** y = x + 1 on f32 [batch, 4]. */
export const plusOne = (): Uint8Array =>
  file([node('Add', ['x', 'one'], ['y'])], [value('x', ['batch', 4])], [value('y', ['batch', 4])], [floats('one', [1], [1])]);

/** y = Identity(x) of any element type, by its number in ONNX. */
export const identity = (elemType: number): Uint8Array =>
  file([node('Identity', ['x'], ['y'])], [value('x', ['n'], elemType)], [value('y', ['n'], elemType)]);

/** Two outputs: the sum and the product of two inputs of [n]. */
export const sumAndProduct = (): Uint8Array =>
  file(
    [node('Add', ['a', 'b'], ['sum']), node('Mul', ['a', 'b'], ['product'])],
    [value('a', ['n']), value('b', ['n'])],
    [value('sum', ['n']), value('product', ['n'])],
  );

/** y = x + w, with w's bytes in `weights.bin`. */
export function withExternalData(): { bytes: Uint8Array; weights: Uint8Array } {
  const w: TensorProto = {
    name: 'w',
    dataType: 1,
    dims: [4n],
    stringData: [],
    dataLocation: 1,
    externalData: [
      { key: 'location', value: 'weights.bin' },
      { key: 'offset', value: '4' },
      { key: 'length', value: '16' },
    ],
  };
  const bytes = file([node('Add', ['x', 'w'], ['y'])], [value('x', ['n', 4])], [value('y', ['n', 4])], [w]);
  return { bytes, weights: new Uint8Array(Float32Array.of(99, 1, 2, 3, 4).buffer) };
}

/** A chain of multiplications of square matrices: some work for a thread to do. */
export function heavy(size: number, depth: number): Uint8Array {
  const weights = floats(
    'w',
    [size, size],
    Array.from({ length: size * size }, (_, i) => ((i * 7919) % 13) / (13 * size)),
  );
  const names = Array.from({ length: depth + 1 }, (_, i) => (i === 0 ? 'x' : i === depth ? 'y' : `x${i}`));
  const nodes = names.slice(1).map((name, i) => node('MatMul', [names[i] as string, 'w'], [name]));
  return file(nodes, [value('x', ['n', size])], [value('y', ['n', size])], [weights]);
}
