/**
 * What a decoded ONNX file looks like: the messages of onnx.proto (IR version 14) that an engine needs, with camelCase
 * names. Repeated fields are never undefined; singular ones are undefined when the file does not have them.
 * Byte fields are views of the file's memory.
 */

/** A whole `.onnx` file. */
export interface ModelProto {
  irVersion?: bigint;
  opsetImport: readonly OperatorSetIdProto[];
  producerName?: string;
  producerVersion?: string;
  domain?: string;
  modelVersion?: bigint;
  docString?: string;
  graph?: GraphProto;
  metadataProps: readonly StringStringEntryProto[];
  functions: readonly FunctionProto[];
}

/** Which version of which operator set the file was written for; domain '' is ai.onnx. */
export interface OperatorSetIdProto {
  domain?: string;
  version?: bigint;
}

/** A key and its value (metadata, external data). */
export interface StringStringEntryProto {
  key?: string;
  value?: string;
}

/** A graph: the model's own, or the body of `If`, `Loop`, `Scan`, `SequenceMap`. */
export interface GraphProto {
  name?: string;
  node: readonly NodeProto[];
  initializer: readonly TensorProto[];
  sparseInitializer: readonly SparseTensorProto[];
  input: readonly ValueInfoProto[];
  output: readonly ValueInfoProto[];
  valueInfo: readonly ValueInfoProto[];
}

/** One operator call. An empty name in `input` or `output` stands for "left out". */
export interface NodeProto {
  input: readonly string[];
  output: readonly string[];
  name?: string;
  opType?: string;
  domain?: string;
  overload?: string;
  attribute: readonly AttributeProto[];
}

/** A named attribute; `type` (see AttributeType) says which field holds the value. */
export interface AttributeProto {
  name?: string;
  refAttrName?: string;
  type?: number;
  f?: number;
  i?: bigint;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  sparseTensor?: SparseTensorProto;
  tp?: TypeProto;
  floats: readonly number[];
  ints: readonly bigint[];
  strings: readonly Uint8Array[];
  tensors: readonly TensorProto[];
  graphs: readonly GraphProto[];
  sparseTensors: readonly SparseTensorProto[];
  typeProtos: readonly TypeProto[];
}

/** `AttributeProto.type`. */
export const AttributeType = {
  UNDEFINED: 0,
  FLOAT: 1,
  INT: 2,
  STRING: 3,
  TENSOR: 4,
  GRAPH: 5,
  FLOATS: 6,
  INTS: 7,
  STRINGS: 8,
  TENSORS: 9,
  GRAPHS: 10,
  SPARSE_TENSOR: 11,
  SPARSE_TENSORS: 12,
  TYPE_PROTO: 13,
  TYPE_PROTOS: 14,
} as const;

/**
 * A tensor. Exactly one of the data fields holds it: `rawData` (little endian), a typed field, or, with
 * `dataLocation` 1, the file that `externalData` names. `floatData` and `doubleData` are the little-endian bytes.
 */
export interface TensorProto {
  dims: readonly bigint[];
  dataType?: number;
  hasSegment?: true;
  floatData?: Uint8Array;
  int32Data?: Int32Array;
  stringData: readonly Uint8Array[];
  int64Data?: BigInt64Array;
  name?: string;
  rawData?: Uint8Array;
  doubleData?: Uint8Array;
  uint64Data?: BigUint64Array;
  externalData: readonly StringStringEntryProto[];
  dataLocation?: number;
}

/** Values with their coordinates: `indices` is [nnz] (linear) or [nnz, rank]. */
export interface SparseTensorProto {
  values?: TensorProto;
  indices?: TensorProto;
  dims: readonly bigint[];
}

/** A named value and its type. */
export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
}

/** One of the type kinds; a file that sets several is refused by who reads it. */
export interface TypeProto {
  tensorType?: TensorTypeProto;
  sequenceType?: ElementTypeProto;
  mapType?: MapTypeProto;
  sparseTensorType?: TensorTypeProto;
  optionalType?: ElementTypeProto;
}

/** Element type (TensorProto.DataType) and, if known, the shape. */
export interface TensorTypeProto {
  elemType?: number;
  shape?: TensorShapeProto;
}

/** What a sequence or an optional holds. */
export interface ElementTypeProto {
  elemType?: TypeProto;
}

/** A map's key (TensorProto.DataType) and value. */
export interface MapTypeProto {
  keyType?: number;
  valueType?: TypeProto;
}

/** A shape of known rank. */
export interface TensorShapeProto {
  dim: readonly DimensionProto[];
}

/** A number, a named symbol, or (both undefined) unknown. */
export interface DimensionProto {
  dimValue?: bigint;
  dimParam?: string;
}

/** A function of the model: called like an operator of its domain. */
export interface FunctionProto {
  name?: string;
  input: readonly string[];
  output: readonly string[];
  attribute: readonly string[];
  attributeProto: readonly AttributeProto[];
  node: readonly NodeProto[];
  opsetImport: readonly OperatorSetIdProto[];
  domain?: string;
  overload?: string;
}

/** Test data: a sequence of one kind (`elemType`: 1 tensor, 2 sparse tensor, 3 sequence, 4 map, 5 optional). */
export interface SequenceProto {
  name?: string;
  elemType?: number;
  tensorValues: readonly TensorProto[];
  sparseTensorValues: readonly SparseTensorProto[];
  sequenceValues: readonly SequenceProto[];
  optionalValues: readonly OptionalProto[];
}

/** Test data: a value or nothing (`elemType` 0). */
export interface OptionalProto {
  name?: string;
  elemType?: number;
  tensorValue?: TensorProto;
  sparseTensorValue?: SparseTensorProto;
  sequenceValue?: SequenceProto;
  optionalValue?: OptionalProto;
}
