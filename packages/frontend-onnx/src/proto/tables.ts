/** The field tables of onnx.proto and onnx-data.proto: number, name, kind. What is not listed is skipped. */
import type * as onnx from './types.js';
import { BYTES, FIXED32, FIXED64, VARINT } from './wire.js';

/** How a field's value is decoded; the wire types a kind admits stand in `wire.ts`. */
export type Kind =
  | 'string'
  | 'bytes'
  | 'int32'
  | 'int64'
  | 'float'
  /** repeated scalars, packed or not */
  | 'int64s'
  | 'floats'
  /** repeated numbers of a tensor: typed storage; packed floats and doubles stay a view of the file */
  | 'float32Data'
  | 'float64Data'
  | 'int32Data'
  | 'int64Data'
  | 'uint64Data'
  /** repeated length-delimited */
  | 'strings'
  | 'byteStrings'
  /** present or not, contents skipped */
  | 'presence'
  | 'message'
  | 'messages';

/** One field. */
export interface Field {
  /** The property that it becomes. */
  readonly name: string;
  readonly kind: Kind;
  /** The wire type of one element. */
  readonly wire: number;
  /** Repeated numbers, which may also come packed (BYTES). */
  readonly packable: boolean;
  /** May come once only. */
  readonly single: boolean;
  /** The table of the message, for messages. */
  readonly message: (() => Message) | undefined;
}

/** A message's name and its fields by number. `nests`: it can hold itself, so it counts towards the depth limit. */
export interface Message {
  readonly name: string;
  readonly nests: boolean;
  readonly fields: readonly (Field | undefined)[];
  /** a new message without fields: every property is there, so that all messages of a kind are alike to the engine */
  readonly empty: () => Record<string, unknown>;
  /** names of the fields with typed storage */
  readonly storage: readonly string[];
}

const wireOf: Readonly<Record<Kind, number>> = {
  string: BYTES,
  bytes: BYTES,
  strings: BYTES,
  byteStrings: BYTES,
  message: BYTES,
  messages: BYTES,
  presence: BYTES,
  int32: VARINT,
  int64: VARINT,
  int64s: VARINT,
  int32Data: VARINT,
  int64Data: VARINT,
  uint64Data: VARINT,
  float: FIXED32,
  floats: FIXED32,
  float32Data: FIXED32,
  float64Data: FIXED64,
};
const packable: ReadonlySet<Kind> = new Set<Kind>([
  'int64s',
  'int32Data',
  'int64Data',
  'uint64Data',
  'floats',
  'float32Data',
  'float64Data',
]);
const singles: ReadonlySet<Kind> = new Set<Kind>(['string', 'bytes', 'int32', 'int64', 'float', 'presence', 'message']);
/** What a list is until something is added to it. */
export const none: readonly never[] = Object.freeze([]);

type Fields<T> = Readonly<Record<number, readonly [name: keyof T & string, kind: Kind, message?: () => Message]>>;

/** All properties of a message, none of them with a value. */
type Empty<T> = { readonly [K in Exclude<keyof T, never>]: T[K] extends readonly unknown[] ? typeof none : undefined };

function message<T>(name: string, empty: () => Empty<T>, fields: Fields<T>, nests = false): Message {
  const table: (Field | undefined)[] = [];
  const storage: string[] = [];
  const numbers = Object.keys(fields);
  // Every process that reads a model does this once: plain loops.
  for (let i = 0; i < numbers.length; i++) {
    const number = Number(numbers[i]);
    const field = fields[number] as Fields<T>[number];
    const kind = field[1];
    const wire = wireOf[kind];
    table[number] = { name: field[0], kind, wire, packable: packable.has(kind), single: singles.has(kind), message: field[2] };
    if (packable.has(kind) && kind.endsWith('Data')) storage.push(field[0]);
  }
  return { name, nests, fields: table, empty, storage };
}

const Entry: Message = message<onnx.StringStringEntryProto>('StringStringEntryProto', () => ({ key: undefined, value: undefined }), {
  1: ['key', 'string'],
  2: ['value', 'string'],
});

const OperatorSetId: Message = message<onnx.OperatorSetIdProto>('OperatorSetIdProto', () => ({ domain: undefined, version: undefined }), {
  1: ['domain', 'string'],
  2: ['version', 'int64'],
});

/** ModelProto */
export const Model: Message = message<onnx.ModelProto>(
  'ModelProto',
  () => ({
    irVersion: undefined,
    producerName: undefined,
    producerVersion: undefined,
    domain: undefined,
    modelVersion: undefined,
    docString: undefined,
    graph: undefined,
    opsetImport: none,
    metadataProps: none,
    functions: none,
  }),
  {
    1: ['irVersion', 'int64'],
    2: ['producerName', 'string'],
    3: ['producerVersion', 'string'],
    4: ['domain', 'string'],
    5: ['modelVersion', 'int64'],
    6: ['docString', 'string'],
    7: ['graph', 'message', () => Graph],
    8: ['opsetImport', 'messages', () => OperatorSetId],
    14: ['metadataProps', 'messages', () => Entry],
    25: ['functions', 'messages', () => Function],
  },
);

/** GraphProto */
export const Graph: Message = message<onnx.GraphProto>(
  'GraphProto',
  () => ({ node: none, name: undefined, initializer: none, input: none, output: none, valueInfo: none, sparseInitializer: none }),
  {
    1: ['node', 'messages', () => Node],
    2: ['name', 'string'],
    5: ['initializer', 'messages', () => Tensor],
    11: ['input', 'messages', () => ValueInfo],
    12: ['output', 'messages', () => ValueInfo],
    13: ['valueInfo', 'messages', () => ValueInfo],
    15: ['sparseInitializer', 'messages', () => SparseTensor],
  },
  true,
);

/** NodeProto */
export const Node: Message = message<onnx.NodeProto>(
  'NodeProto',
  () => ({ input: none, output: none, name: undefined, opType: undefined, attribute: none, domain: undefined, overload: undefined }),
  {
    1: ['input', 'strings'],
    2: ['output', 'strings'],
    3: ['name', 'string'],
    4: ['opType', 'string'],
    5: ['attribute', 'messages', () => Attribute],
    7: ['domain', 'string'],
    8: ['overload', 'string'],
  },
);

const Attribute: Message = message<onnx.AttributeProto>(
  'AttributeProto',
  () => ({
    name: undefined,
    f: undefined,
    i: undefined,
    s: undefined,
    t: undefined,
    g: undefined,
    floats: none,
    ints: none,
    strings: none,
    tensors: none,
    graphs: none,
    tp: undefined,
    typeProtos: none,
    type: undefined,
    refAttrName: undefined,
    sparseTensor: undefined,
    sparseTensors: none,
  }),
  {
    1: ['name', 'string'],
    2: ['f', 'float'],
    3: ['i', 'int64'],
    4: ['s', 'bytes'],
    5: ['t', 'message', () => Tensor],
    6: ['g', 'message', () => Graph],
    7: ['floats', 'floats'],
    8: ['ints', 'int64s'],
    9: ['strings', 'byteStrings'],
    10: ['tensors', 'messages', () => Tensor],
    11: ['graphs', 'messages', () => Graph],
    14: ['tp', 'message', () => Type],
    15: ['typeProtos', 'messages', () => Type],
    20: ['type', 'int32'],
    21: ['refAttrName', 'string'],
    22: ['sparseTensor', 'message', () => SparseTensor],
    23: ['sparseTensors', 'messages', () => SparseTensor],
  },
);

/** TensorProto */
export const Tensor: Message = message<onnx.TensorProto>(
  'TensorProto',
  () => ({
    dims: none,
    dataType: undefined,
    hasSegment: undefined,
    floatData: undefined,
    int32Data: undefined,
    stringData: none,
    int64Data: undefined,
    name: undefined,
    rawData: undefined,
    doubleData: undefined,
    uint64Data: undefined,
    externalData: none,
    dataLocation: undefined,
  }),
  {
    1: ['dims', 'int64s'],
    2: ['dataType', 'int32'],
    3: ['hasSegment', 'presence'],
    4: ['floatData', 'float32Data'],
    5: ['int32Data', 'int32Data'],
    6: ['stringData', 'byteStrings'],
    7: ['int64Data', 'int64Data'],
    8: ['name', 'string'],
    9: ['rawData', 'bytes'],
    10: ['doubleData', 'float64Data'],
    11: ['uint64Data', 'uint64Data'],
    13: ['externalData', 'messages', () => Entry],
    14: ['dataLocation', 'int32'],
  },
);

const SparseTensor: Message = message<onnx.SparseTensorProto>(
  'SparseTensorProto',
  () => ({ values: undefined, indices: undefined, dims: none }),
  {
    1: ['values', 'message', () => Tensor],
    2: ['indices', 'message', () => Tensor],
    3: ['dims', 'int64s'],
  },
);

const ValueInfo: Message = message<onnx.ValueInfoProto>('ValueInfoProto', () => ({ name: undefined, type: undefined }), {
  1: ['name', 'string'],
  2: ['type', 'message', () => Type],
});

const Type: Message = message<onnx.TypeProto>(
  'TypeProto',
  () => ({ tensorType: undefined, sequenceType: undefined, mapType: undefined, sparseTensorType: undefined, optionalType: undefined }),
  {
    1: ['tensorType', 'message', () => TensorType],
    4: ['sequenceType', 'message', () => ElementType],
    5: ['mapType', 'message', () => MapType],
    8: ['sparseTensorType', 'message', () => TensorType],
    9: ['optionalType', 'message', () => ElementType],
  },
  true,
);

const TensorType: Message = message<onnx.TensorTypeProto>('TypeProto.Tensor', () => ({ elemType: undefined, shape: undefined }), {
  1: ['elemType', 'int32'],
  2: ['shape', 'message', () => Shape],
});

const ElementType: Message = message<onnx.ElementTypeProto>('TypeProto.Sequence', () => ({ elemType: undefined }), {
  1: ['elemType', 'message', () => Type],
});

const MapType: Message = message<onnx.MapTypeProto>('TypeProto.Map', () => ({ keyType: undefined, valueType: undefined }), {
  1: ['keyType', 'int32'],
  2: ['valueType', 'message', () => Type],
});

const Shape: Message = message<onnx.TensorShapeProto>('TensorShapeProto', () => ({ dim: none }), {
  1: ['dim', 'messages', () => Dimension],
});

const Dimension: Message = message<onnx.DimensionProto>(
  'TensorShapeProto.Dimension',
  () => ({ dimValue: undefined, dimParam: undefined }),
  {
    1: ['dimValue', 'int64'],
    2: ['dimParam', 'string'],
  },
);

const Function: Message = message<onnx.FunctionProto>(
  'FunctionProto',
  () => ({
    name: undefined,
    input: none,
    output: none,
    attribute: none,
    node: none,
    opsetImport: none,
    domain: undefined,
    attributeProto: none,
    overload: undefined,
  }),
  {
    1: ['name', 'string'],
    4: ['input', 'strings'],
    5: ['output', 'strings'],
    6: ['attribute', 'strings'],
    7: ['node', 'messages', () => Node],
    9: ['opsetImport', 'messages', () => OperatorSetId],
    10: ['domain', 'string'],
    11: ['attributeProto', 'messages', () => Attribute],
    13: ['overload', 'string'],
  },
);

/** SequenceProto (onnx-data.proto) */
export const Sequence: Message = message<onnx.SequenceProto>(
  'SequenceProto',
  () => ({
    name: undefined,
    elemType: undefined,
    tensorValues: none,
    sparseTensorValues: none,
    sequenceValues: none,
    optionalValues: none,
  }),
  {
    1: ['name', 'string'],
    2: ['elemType', 'int32'],
    3: ['tensorValues', 'messages', () => Tensor],
    4: ['sparseTensorValues', 'messages', () => SparseTensor],
    5: ['sequenceValues', 'messages', () => Sequence],
    7: ['optionalValues', 'messages', () => Optional],
  },
  true,
);

/** OptionalProto (onnx-data.proto) */
export const Optional: Message = message<onnx.OptionalProto>(
  'OptionalProto',
  () => ({
    name: undefined,
    elemType: undefined,
    tensorValue: undefined,
    sparseTensorValue: undefined,
    sequenceValue: undefined,
    optionalValue: undefined,
  }),
  {
    1: ['name', 'string'],
    2: ['elemType', 'int32'],
    3: ['tensorValue', 'message', () => Tensor],
    4: ['sparseTensorValue', 'message', () => SparseTensor],
    5: ['sequenceValue', 'message', () => Sequence],
    7: ['optionalValue', 'message', () => Optional],
  },
  true,
);
