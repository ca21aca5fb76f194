/**
 * @file Checked primitives of the protobuf wire format (https://protobuf.dev/programming-guides/encoding/): every read that leaves its
 * message is an error with its offset.
 */
import { CuveeError } from '@cuvee/core';

/** Wire types: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
export const VARINT = 0,
  FIXED64 = 1,
  BYTES = 2,
  FIXED32 = 5;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Where the platform has it: quicker than the decoder for the many short texts of a file. Bytes that are no UTF-8 become U+FFFD. */
interface Texts {
  toString(encoding: 'utf8', start: number, end: number): string;
}
const textsOf = (bytes: Uint8Array): Texts | undefined =>
  (globalThis as { Buffer?: { from(buffer: ArrayBufferLike, offset: number, length: number): Texts } }).Buffer?.from(
    bytes.buffer,
    bytes.byteOffset,
    bytes.length,
  );

/** A cursor over one file. All offsets are bytes from the file's start. */
export class Wire {
  /** Where the next read starts. */
  position = 0;
  readonly length: number;
  /** The wire type of the field that `next` found. */
  type = VARINT;
  readonly #bytes: Uint8Array;
  readonly #texts: Texts | undefined;
  readonly #what: string;

  /** `what` names the file in errors. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#texts = textsOf(bytes);
    this.length = bytes.length;
    this.#what = what;
  }

  /** An error of this file at a byte offset. */
  invalid(message: string, offset = this.position): CuveeError {
    return new CuveeError('MODEL_INVALID', `reading ${this.#what}: ${message} (byte ${offset})`);
  }

  /** The next field's number within a message that ends at `end`; 0 at its end. */
  next(end: number): number {
    const start = this.position;
    if (start >= end) return 0;
    const first = this.#bytes[start] as number;
    if (first >= 8 && first < 0x80) {
      this.position = start + 1;
      this.type = first & 7;
      return first >> 3;
    }
    const tag = this.uint(end, 'field tag');
    const field = Math.floor(tag / 8);
    if (field < 1 || tag > 0xffffffff) throw this.invalid(`field tag ${tag} is not valid`, start);
    this.type = tag % 8;
    return field;
  }

  /** An unsigned varint that fits 2^53: tags and lengths. */
  uint(end: number, what: string): number {
    const bytes = this.#bytes;
    const start = this.position;
    const first = bytes[start] as number;
    if (start < end && first < 0x80) {
      this.position = start + 1;
      return first;
    }
    let value = 0,
      scale = 1;
    for (let at = start; at < end && at < start + 10; at++) {
      const byte = bytes[at] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw this.invalid(`${what} ${value} is out of range`, start);
        this.position = at + 1;
        return value;
      }
      scale *= 128;
    }
    throw this.invalid(`the varint of ${what} is truncated or longer than 10 bytes`, start);
  }

  /** A varint as int32: the low 32 bits, as protobuf does with negative int32 (ten bytes). */
  int32(end: number, what: string): number {
    const bytes = this.#bytes;
    const start = this.position;
    let value = 0;
    for (let at = start, shift = 0; at < end && at < start + 10; at++, shift += 7) {
      const byte = bytes[at] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.position = at + 1;
        return value;
      }
    }
    throw this.invalid(`the varint of ${what} is truncated or longer than 10 bytes`, start);
  }

  /** A varint as int64, two's complement. */
  int64(end: number, what: string): bigint {
    const bytes = this.#bytes;
    const start = this.position;
    let low = 0,
      high = 0; // 32-bit words
    for (let at = start, shift = 0; at < end && shift < 70; at++, shift += 7) {
      const byte = bytes[at] as number,
        bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.position = at + 1;
        if (high === 0) return BigInt(low >>> 0);
        return (BigInt(high) << 32n) | BigInt(low >>> 0);
      }
    }
    throw this.invalid(`the varint of ${what} is truncated or longer than 10 bytes`, start);
  }

  /** Reads a length and returns where that many bytes end; they lie within `end`. */
  span(end: number, what: string): number {
    const first = this.position < end ? (this.#bytes[this.position] as number) : 0x80;
    let length = first; // nearly all are of one byte
    if (first < 0x80) this.position++;
    else length = this.uint(end, `the length of ${what}`);
    const start = this.position;
    if (length > end - start) throw this.invalid(`${what} is ${length} bytes long, but only ${end - start} are left`, start);
    return start + length;
  }

  /** A length-delimited view: it shares the file's memory. */
  bytes(end: number, what: string): Uint8Array {
    const stop = this.span(end, what);
    const view = this.#bytes.subarray(this.position, stop);
    this.position = stop;
    return view;
  }

  /** A length-delimited UTF-8 text. */
  string(end: number, what: string): string {
    const stop = this.span(end, what);
    const start = this.position;
    this.position = stop;
    const text = this.#texts?.toString('utf8', start, stop);
    if (text?.includes('\ufffd') === false) return text;
    try {
      return utf8.decode(this.#bytes.subarray(start, stop));
    } catch (cause) {
      throw this.invalid(`${what} is not valid UTF-8${cause instanceof RangeError ? ` (${cause.message})` : ''}`, start);
    }
  }

  /** `size` raw bytes as a view. */
  fixed(size: number, end: number, what: string): Uint8Array {
    const start = this.position;
    if (size > end - start) throw this.invalid(`${what} is truncated`, start);
    this.position = start + size;
    return this.#bytes.subarray(start, start + size);
  }

  /** A little-endian float. */
  float(end: number, what: string): number {
    const { buffer, byteOffset } = this.fixed(4, end, what);
    return new DataView(buffer, byteOffset, 4).getFloat32(0, true);
  }

  /** How many varints end before `end`. */
  countVarints(end: number): number {
    const bytes = this.#bytes;
    let count = 0;
    for (let at = this.position; at < end; at++) if ((bytes[at] as number) < 0x80) count++;
    return count;
  }

  /** Skips an unknown field's value. */
  skip(field: number, end: number, message: string): void {
    const what = `field ${field} of ${message}`;
    switch (this.type) {
      case VARINT:
        this.int32(end, what);
        return;
      case FIXED64:
        this.fixed(8, end, what);
        return;
      case FIXED32:
        this.fixed(4, end, what);
        return;
      case BYTES:
        this.position = this.span(end, what);
        return;
      default:
        throw this.invalid(`${what} has wire type ${this.type}, which ONNX does not use`);
    }
  }
}
