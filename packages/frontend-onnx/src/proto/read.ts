/** The table-driven decoder: one loop for every message. */
import { Numbers } from './numbers.js';
import { Model, Optional, Sequence, Tensor, type Field, type Kind, type Message } from './tables.js';
import type { ModelProto, OptionalProto, SequenceProto, TensorProto } from './types.js';
import { BYTES, FIXED32, FIXED64, VARINT, Wire } from './wire.js';

/** How deep graphs, types, sequences and optionals may nest. */
export const maxDepth = 64;

/** The wire type of one element of a kind; repeated scalars may also come packed (BYTES). */
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

type Decoded = Record<string, unknown>;

/**
 * Decodes a `.onnx` file without copying: byte fields are views of `bytes`, which must therefore stay unchanged.
 * Unknown fields are skipped; whatever breaks the wire format is MODEL_INVALID with its byte offset.
 * `what` names the file in errors.
 */
export function readModelProto(bytes: Uint8Array, what = 'ONNX model'): ModelProto {
  return decode(Model, bytes, what) as unknown as ModelProto;
}

/** Decodes a `TensorProto` file (test data). */
export function readTensorProto(bytes: Uint8Array, what = 'ONNX tensor'): TensorProto {
  return decode(Tensor, bytes, what) as unknown as TensorProto;
}

/** Decodes a `SequenceProto` file (test data). */
export function readSequenceProto(bytes: Uint8Array, what = 'ONNX sequence'): SequenceProto {
  return decode(Sequence, bytes, what) as unknown as SequenceProto;
}

/** Decodes an `OptionalProto` file (test data). */
export function readOptionalProto(bytes: Uint8Array, what = 'ONNX optional'): OptionalProto {
  return decode(Optional, bytes, what) as unknown as OptionalProto;
}

function decode(message: Message, bytes: Uint8Array, what: string): Decoded {
  const wire = new Wire(bytes, what);
  return read(wire, message, wire.length, 0);
}

function read(wire: Wire, message: Message, end: number, depth: number): Decoded {
  if (depth > maxDepth) throw wire.invalid(`${message.name} is nested more than ${maxDepth} deep`);
  const result: Decoded = { ...message.empty };
  for (let number = wire.next(end); number !== 0; number = wire.next(end)) {
    const field = message.fields[number];
    if (field === undefined) wire.skip(number, end, message.name);
    else readField(wire, message, field, result, end, depth);
  }
  for (const name of message.storage) {
    const numbers = result[name];
    if (numbers instanceof Numbers) result[name] = numbers.finish();
  }
  return result;
}

function nested(wire: Wire, table: (() => Message) | undefined, end: number, depth: number, what: string): Decoded {
  const message = (table as () => Message)();
  return read(wire, message, wire.span(end, what), message.nests ? depth + 1 : depth);
}

function readField(wire: Wire, message: Message, field: Field, result: Decoded, end: number, depth: number): void {
  const [name, kind, table] = field;
  const packed = wire.type === BYTES && packable.has(kind);
  const start = wire.position;
  if (wire.type !== wireOf[kind] && !packed)
    throw wire.invalid(`${message.name}.${name} has wire type ${wire.type}, expected ${wireOf[kind]}`);
  switch (kind) {
    case 'strings':
      append(result, name, wire.string(end, name));
      return;
    case 'byteStrings':
      append(result, name, wire.bytes(end, name));
      return;
    case 'messages':
      append(result, name, nested(wire, table, end, depth, name));
      return;
    case 'int64s':
      each(wire, packed, end, name, (stop) => append(result, name, wire.int64(stop, name)));
      return;
    case 'floats':
      each(wire, packed, end, name, (stop) => append(result, name, wire.float(stop, name)));
      return;
    case 'float32Data':
    case 'float64Data':
    case 'int32Data':
    case 'int64Data':
    case 'uint64Data': {
      const numbers = (result[name] ??= new Numbers(kind)) as Numbers;
      if (packed) numbers.addPacked(wire, end, name);
      else numbers.addOne(wire, end, name);
      return;
    }
    default:
  }
  if (name in result) throw wire.invalid(`${message.name}.${name} appears twice`, start);
  switch (kind) {
    case 'string':
      result[name] = wire.string(end, name);
      return;
    case 'bytes':
      result[name] = wire.bytes(end, name);
      return;
    case 'int32':
      result[name] = wire.int32(end, name);
      return;
    case 'int64':
      result[name] = wire.int64(end, name);
      return;
    case 'float':
      result[name] = wire.float(end, name);
      return;
    case 'presence':
      wire.bytes(end, name);
      result[name] = true;
      return;
    case 'message':
      result[name] = nested(wire, table, end, depth, name);
      return;
    default:
  }
}

function each(wire: Wire, packed: boolean, end: number, what: string, one: (stop: number) => void): void {
  if (!packed) return one(end);
  const stop = wire.span(end, what);
  while (wire.position < stop) one(stop);
}

function append(result: Decoded, name: string, value: unknown): void {
  const list = result[name] as unknown[];
  if (Object.isFrozen(list)) result[name] = [value];
  else list.push(value);
}
