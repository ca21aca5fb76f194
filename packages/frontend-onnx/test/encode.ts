/** Writes a decoded model as protobuf again, by the tables that decode it: what a mutated model looks like as a file. */
import { Model, type Field, type Message } from '../src/proto/tables.js';
import type { ModelProto } from '../src/proto/index.js';

const utf8 = new TextEncoder();

class Writer {
  readonly #bytes: number[] = [];

  varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80);
    this.#bytes.push(Number(rest));
  }
  tag(number: number, wireType: number): void {
    this.varint(BigInt(number * 8 + wireType));
  }
  raw(bytes: Uint8Array): void {
    for (const b of bytes) this.#bytes.push(b);
  }
  run(number: number, bytes: Uint8Array): void {
    this.tag(number, 2);
    this.varint(BigInt(bytes.length));
    this.raw(bytes);
  }
  float(value: number): void {
    this.raw(new Uint8Array(Float32Array.of(value).buffer));
  }
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function writeField(out: Writer, number: number, { kind, message: table }: Field, value: unknown): void {
  const nested = (v: unknown): void => out.run(number, encode((table as () => Message)(), v as Record<string, unknown>));
  const integers = (values: Iterable<number | bigint>): void => {
    const packed = new Writer();
    for (const v of values) packed.varint(BigInt(v));
    out.run(number, packed.finish());
  };
  switch (kind) {
    case 'string':
      out.run(number, utf8.encode(value as string));
      return;
    case 'bytes':
    case 'float32Data':
    case 'float64Data':
      out.run(number, bytesOf(value as Uint8Array));
      return;
    case 'int32':
    case 'int64':
      out.tag(number, 0);
      out.varint(BigInt(value as bigint));
      return;
    case 'float':
      out.tag(number, 5);
      out.float(value as number);
      return;
    case 'int32Data':
    case 'int64Data':
    case 'uint64Data':
    case 'int64s':
      integers(value as bigint[]);
      return;
    case 'floats':
      for (const v of value as number[]) {
        out.tag(number, 5);
        out.float(v);
      }
      return;
    case 'strings':
      for (const v of value as string[]) out.run(number, utf8.encode(v));
      return;
    case 'byteStrings':
      for (const v of value as Uint8Array[]) out.run(number, v);
      return;
    case 'presence':
      if (value) out.run(number, new Uint8Array());
      return;
    case 'message':
      nested(value);
      return;
    case 'messages':
      for (const v of value as unknown[]) nested(v);
      return;
  }
}

function encode(message: Message, value: Readonly<Record<string, unknown>>): Uint8Array {
  const out = new Writer();
  message.fields.forEach((field, number) => {
    const v = field && value[field.name];
    if (v !== undefined && v !== null && !(Array.isArray(v) && v.length === 0)) writeField(out, number, field as Field, v);
  });
  return out.finish();
}

/** The file of a model. */
export const writeModelProto = (model: ModelProto): Uint8Array => encode(Model, model as unknown as Record<string, unknown>);
