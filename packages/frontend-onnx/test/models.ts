/** Small decoded models for tests of the walk: only what a test says, the rest empty. */
import { CuveeError, interpret, Literal, type Model, type ModelSource, type NdArray } from '@cuvee/core';
import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from '../src/proto/index.js';
import { translate } from '../src/translate.js';

const lists = { floats: [], ints: [], strings: [], tensors: [], graphs: [], sparseTensors: [], typeProtos: [] };

export const attribute = {
  int: (name: string, i: number | bigint): AttributeProto => ({ ...lists, name, type: 2, i: BigInt(i) }),
  ints: (name: string, ints: readonly (number | bigint)[]): AttributeProto => ({ ...lists, name, type: 7, ints: ints.map(BigInt) }),
  float: (name: string, f: number): AttributeProto => ({ ...lists, name, type: 1, f }),
  graph: (name: string, g: GraphProto): AttributeProto => ({ ...lists, name, type: 5, g }),
  tensor: (name: string, t: TensorProto): AttributeProto => ({ ...lists, name, type: 4, t }),
  ref: (name: string, refAttrName: string, type: number): AttributeProto => ({ ...lists, name, refAttrName, type }),
};

export const floats = (name: string, dims: readonly number[], values: readonly number[]): TensorProto => ({
  name,
  dataType: 1,
  dims: dims.map(BigInt),
  rawData: new Uint8Array(Float32Array.from(values).buffer),
  stringData: [],
  externalData: [],
});

/** `Relu(x) -> y` */
export const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: readonly AttributeProto[] = [],
  more: Partial<NodeProto> = {},
): NodeProto => ({ opType, input, output, attribute: attributes, ...more });

export const value = (name: string, dims?: readonly (number | string)[], elemType = 1): ValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType,
      ...(dims && { shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: BigInt(d) } : { dimParam: d })) } }),
    },
  },
});

export const graph = (
  nodes: readonly NodeProto[],
  inputs: readonly ValueInfoProto[],
  outputs: readonly string[],
  initializer: readonly TensorProto[] = [],
): GraphProto => ({
  name: 'g',
  node: nodes,
  input: inputs,
  output: outputs.map((name) => ({ name })),
  initializer,
  sparseInitializer: [],
  valueInfo: [],
});

export const model = (g: GraphProto, functions: readonly FunctionProto[] = [], opset = 18, more: Partial<ModelProto> = {}): ModelProto => ({
  irVersion: 8n,
  graph: g,
  functions,
  metadataProps: [],
  opsetImport: [
    { domain: '', version: BigInt(opset) },
    { domain: 'test', version: 1n },
  ],
  ...more,
});

export const fn = (
  name: string,
  input: readonly string[],
  output: readonly string[],
  nodes: readonly NodeProto[],
  more: Partial<FunctionProto> = {},
): FunctionProto => ({
  name,
  domain: 'test',
  input,
  output,
  node: nodes,
  attribute: [],
  attributeProto: [],
  opsetImport: [{ domain: '', version: 18n }],
  ...more,
});

export const read = (m: ModelProto, source: Partial<ModelSource> = {}): Model => translate(m, { bytes: new Uint8Array(), ...source });

/** The message of what work throws. */
export const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CuveeError ? error.message : `not a CuveeError: ${String(error)}`;
  }
  return 'accepted';
};

/** An f32 tensor. */
export const f32 = (shape: readonly number[], values: readonly number[]): NdArray => Literal.from('f32', shape, values).nd();

/** The elements of each output. */
export const run = (m: Model, ...inputs: NdArray[]): readonly (readonly unknown[])[] =>
  interpret(m, inputs).map((y) => Array.from(y.data as ArrayLike<unknown>));
