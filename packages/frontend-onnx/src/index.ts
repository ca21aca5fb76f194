/** @file Reads ONNX models into Cuvée. */
import { atOnce, CuveeError, type Frontend, type Literal, type Model, type ModelSource, type Steps } from '@cuvee/core';
import { ExternalFiles } from './external.js';
import { readingModelProto, readTensorProto, type TensorProto } from './proto/index.js';
import { literalOf } from './tensor.js';
import { translating } from './translate.js';

export { supportedOps } from './registry.js';
export type { OnnxNode, OnnxOp } from './node.js';
export { readModelProto, readOptionalProto, readSequenceProto, readTensorProto } from './proto/index.js';
export { declaredPorts, type DeclaredPort } from './declared.js';
export type { ModelProto, OptionalProto, SequenceProto, TensorProto, TypeProto } from './proto/index.js';

/** What a file does not say but a graph needs to know. */
export interface OnnxOptions {
  /**
   * Graph inputs that are no tensors: how many items a sequence holds, `'absent'` for an optional that holds nothing. The tensors become
   * inputs `name[0]`, `name[1]`, …
   */
  readonly inputs?: Readonly<Record<string, number | 'absent'>>;
}

/** The frontend for `.onnx` files. */
export const onnx = (options: OnnxOptions = {}): Frontend => ({
  name: 'onnx',
  formats: ['onnx'],
  accepts,
  read: (source) => atOnce(reading(source, options)),
  reading: (source) => reading(source, options),
});

function* reading(source: ModelSource, options: OnnxOptions): Steps<Model> {
  try {
    const proto = yield* readingModelProto(plainView(source.bytes), 'the file');
    return yield* translating(proto, source, options);
  } catch (error) {
    throw CuveeError.wrap(`reading ${source.path === undefined ? 'an ONNX model' : `"${source.path}"`}`, error, 'INTERNAL');
  }
}

/** The same memory as a Uint8Array: the methods of Node's Buffer differ. */
const plainView = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Whether bytes begin like a ModelProto: a field of ModelProto first, and its number before anything that other formats
 * begin with. ONNX has no magic number; nearly every writer starts with `ir_version`.
 */
function accepts(head: Uint8Array, path?: string): boolean {
  if (head.length === 0) return false;
  const [tag = 0, second = 0, third = 0] = head;
  if (tag === 0x08 && second >= 1 && second < 0x40)
    return [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72, 0xa2, 0xca, 0xd2].includes(third) || head.length === 2;
  const other = [0x12, 0x3a, 0x42].includes(tag);
  return other && (path?.toLowerCase().endsWith('.onnx') ?? false);
}

/** A `.pb` file with one TensorProto, as test data comes. Throws MODEL_INVALID. */
export const readTensor = (bytes: Uint8Array, what = 'ONNX tensor'): Literal =>
  tensorLiteral(readTensorProto(plainView(bytes), what), what);

/** A TensorProto of test data as a literal. Throws MODEL_INVALID. */
export const tensorLiteral = (tensor: TensorProto, what = 'ONNX tensor'): Literal => literalOf(tensor, new ExternalFiles(undefined), what);

export default onnx;
