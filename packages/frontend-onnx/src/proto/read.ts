/** The table-driven decoder: one loop for every message. */
import { atOnce, stride, type Steps } from '@cuvee/core';
import { Numbers } from './numbers.js';
import { Model, none, Optional, Sequence, Tensor, type Field, type Message } from './tables.js';
import type { ModelProto, OptionalProto, SequenceProto, TensorProto } from './types.js';
import { BYTES, Wire } from './wire.js';

/** How deep graphs, types, sequences and optionals may nest. */
export const maxDepth = 64;

type Decoded = Record<string, unknown>;

/**
 * Decodes a `.onnx` file without copying: byte fields are views of `bytes`, which must therefore stay unchanged.
 * Unknown fields are skipped; whatever breaks the wire format is MODEL_INVALID with its byte offset.
 * `what` names the file in errors.
 */
export function readModelProto(bytes: Uint8Array, what = 'ONNX model'): ModelProto {
  return atOnce(readingModelProto(bytes, what));
}

/** The same in steps. */
export function* readingModelProto(bytes: Uint8Array, what: string): Steps<ModelProto> {
  const wire = new Wire(bytes, what);
  return (yield* reading(wire, Model, wire.length, 0)) as unknown as ModelProto;
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

/** Like `read`, for the model and its own graph, which have thousands of fields. */
function* reading(wire: Wire, message: Message, end: number, depth: number): Steps<Decoded> {
  const result: Decoded = message.empty();
  let count = 0;
  for (let number = wire.next(end); number !== 0; number = wire.next(end)) {
    if (++count % stride === 0) yield;
    const field = message.fields[number];
    if (field === undefined) wire.skip(number, end, message.name);
    else if (field.kind === 'message' && wire.type === BYTES && message === Model && result[field.name] === undefined) {
      const inner = (field.message as () => Message)();
      result[field.name] = yield* reading(wire, inner, wire.span(end, field.name), inner.nests ? depth + 1 : depth);
    } else readField(wire, message, field, result, end, depth);
  }
  return result;
}

function read(wire: Wire, message: Message, end: number, depth: number): Decoded {
  if (depth > maxDepth) throw wire.invalid(`${message.name} is nested more than ${maxDepth} deep`);
  const result: Decoded = message.empty();
  for (let number = wire.next(end); number !== 0; number = wire.next(end)) {
    const field = message.fields[number];
    if (field === undefined) wire.skip(number, end, message.name);
    else readField(wire, message, field, result, end, depth);
  }
  for (let i = 0; i < message.storage.length; i++) {
    const name = message.storage[i] as string;
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
  const { name, kind } = field;
  const start = wire.position;
  const packed = field.packable && wire.type === BYTES;
  if (wire.type !== field.wire && !packed) throw wire.invalid(`${message.name}.${name} has wire type ${wire.type}, expected ${field.wire}`);
  if (field.single && result[name] !== undefined) throw wire.invalid(`${message.name}.${name} appears twice`, start);
  // The most frequent first.
  switch (kind) {
    case 'strings':
      append(result, name, wire.string(end, name));
      return;
    case 'string':
      result[name] = wire.string(end, name);
      return;
    case 'messages':
      append(result, name, nested(wire, field.message, end, depth, name));
      return;
    case 'int32':
      result[name] = wire.int32(end, name);
      return;
    case 'message':
      result[name] = nested(wire, field.message, end, depth, name);
      return;
    case 'int64s':
    case 'floats': {
      const stop = packed ? wire.span(end, name) : end;
      if (packed && wire.position === stop) return;
      do append(result, name, kind === 'floats' ? wire.float(stop, name) : wire.int64(stop, name));
      while (packed && wire.position < stop);
      return;
    }
    case 'bytes':
      result[name] = wire.bytes(end, name);
      return;
    case 'int64':
      result[name] = wire.int64(end, name);
      return;
    case 'float':
      result[name] = wire.float(end, name);
      return;
    case 'byteStrings':
      append(result, name, wire.bytes(end, name));
      return;
    case 'presence':
      wire.bytes(end, name);
      result[name] = true;
      return;
    case 'float32Data':
    case 'float64Data':
    case 'int32Data':
    case 'int64Data':
    case 'uint64Data': {
      const numbers = (result[name] ??= new Numbers(kind)) as Numbers;
      if (packed) numbers.addPacked(wire, end, name);
      else numbers.addOne(wire, end, name);
    }
  }
}

function append(result: Decoded, name: string, value: unknown): void {
  const list = result[name];
  if (list === none) result[name] = [value];
  else (list as unknown[]).push(value);
}
