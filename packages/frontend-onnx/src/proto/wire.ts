/** Checked primitives of the protobuf wire format over `pbf`: every read that leaves its message is an error with its offset. */
import { CuveeError } from '@cuvee/core';
import { PbfReader } from 'pbf';

/** Wire types: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
export const VARINT = 0,
  FIXED64 = 1,
  BYTES = 2,
  FIXED32 = 5;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const short: string[] = [];

/** A cursor over one file. All offsets are bytes from the file's start. */
export class Wire {
  readonly #pbf: PbfReader;
  readonly #what: string;

  /** `what` names the file in errors. */
  constructor(bytes: Uint8Array, what: string) {
    this.#pbf = new PbfReader(bytes);
    this.#what = what;
  }

  get position(): number {
    return this.#pbf.pos;
  }
  get length(): number {
    return this.#pbf.length;
  }
  /** The wire type of the field that `next` found. */
  get type(): number {
    return this.#pbf.type;
  }

  /** An error of this file at a byte offset. */
  invalid(message: string, offset = this.#pbf.pos): CuveeError {
    return new CuveeError('MODEL_INVALID', `reading ${this.#what}: ${message} (byte ${offset})`);
  }

  /** The next field's number within a message that ends at `end`; 0 at its end. */
  next(end: number): number {
    const pbf = this.#pbf;
    if (pbf.pos >= end) return 0;
    const start = pbf.pos;
    const tag = this.uint(end, 'field tag');
    const field = Math.floor(tag / 8);
    if (field < 1 || tag > 0xffffffff) throw this.invalid(`field tag ${tag} is not valid`, start);
    pbf.type = tag % 8;
    return field;
  }

  /** An unsigned varint that fits 2^53: tags and lengths. */
  uint(end: number, what: string): number {
    const pbf = this.#pbf,
      buf = pbf.buf,
      start = pbf.pos;
    const first = buf[start] as number;
    if (start < end && first < 0x80) {
      pbf.pos = start + 1;
      return first;
    }
    let value = 0,
      scale = 1;
    for (let at = start; at < end && at < start + 10; at++) {
      const byte = buf[at] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw this.invalid(`${what} ${value} is out of range`, start);
        pbf.pos = at + 1;
        return value;
      }
      scale *= 128;
    }
    throw this.invalid(`the varint of ${what} is truncated or longer than 10 bytes`, start);
  }

  /** A varint as int32: the low 32 bits, as protobuf does with negative int32 (ten bytes). */
  int32(end: number, what: string): number {
    const pbf = this.#pbf,
      buf = pbf.buf,
      start = pbf.pos;
    let value = 0;
    for (let at = start, shift = 0; at < end && at < start + 10; at++, shift += 7) {
      const byte = buf[at] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        pbf.pos = at + 1;
        return value;
      }
    }
    throw this.invalid(`the varint of ${what} is truncated or longer than 10 bytes`, start);
  }

  /** A varint as int64, two's complement. */
  int64(end: number, what: string): bigint {
    const pbf = this.#pbf,
      buf = pbf.buf,
      start = pbf.pos;
    let low = 0,
      high = 0; // 32-bit words
    for (let at = start, shift = 0; at < end && shift < 70; at++, shift += 7) {
      const byte = buf[at] as number,
        bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        pbf.pos = at + 1;
        if (high === 0) return BigInt(low >>> 0);
        return (BigInt(high) << 32n) | BigInt(low >>> 0);
      }
    }
    throw this.invalid(`the varint of ${what} is truncated or longer than 10 bytes`, start);
  }

  /** Reads a length and returns where that many bytes end; they lie within `end`. */
  span(end: number, what: string): number {
    const length = this.uint(end, `the length of ${what}`);
    const start = this.#pbf.pos;
    if (length > end - start) throw this.invalid(`${what} is ${length} bytes long, but only ${end - start} are left`, start);
    return start + length;
  }

  /** A length-delimited view: it shares the file's memory. */
  bytes(end: number, what: string): Uint8Array {
    const stop = this.span(end, what);
    const view = this.#pbf.buf.subarray(this.#pbf.pos, stop);
    this.#pbf.pos = stop;
    return view;
  }

  /** A length-delimited UTF-8 text. */
  string(end: number, what: string): string {
    const stop = this.span(end, what),
      pbf = this.#pbf,
      start = pbf.pos,
      buf = pbf.buf;
    pbf.pos = stop;
    if (stop - start < 32) {
      let text = '',
        at = start;
      for (; at < stop && (buf[at] as number) < 0x80; at++) text += short[buf[at] as number] ??= String.fromCharCode(buf[at] as number);
      if (at === stop) return text;
    }
    try {
      return utf8.decode(buf.subarray(start, stop));
    } catch (cause) {
      throw this.invalid(`${what} is not valid UTF-8${cause instanceof RangeError ? ` (${cause.message})` : ''}`, start);
    }
  }

  /** `size` raw bytes as a view. */
  fixed(size: number, end: number, what: string): Uint8Array {
    const pbf = this.#pbf,
      start = pbf.pos;
    if (size > end - start) throw this.invalid(`${what} is truncated`, start);
    pbf.pos = start + size;
    return pbf.buf.subarray(start, start + size);
  }

  /** A little-endian float. */
  float(end: number, what: string): number {
    if (4 > end - this.#pbf.pos) throw this.invalid(`${what} is truncated`);
    return this.#pbf.readFloat();
  }

  /** How many varints end before `end`. */
  countVarints(end: number): number {
    const buf = this.#pbf.buf;
    let count = 0;
    for (let at = this.#pbf.pos; at < end; at++) if ((buf[at] as number) < 0x80) count++;
    return count;
  }

  /** Skips an unknown field's value. */
  skip(field: number, end: number, message: string): void {
    const what = `field ${field} of ${message}`,
      pbf = this.#pbf;
    switch (pbf.type) {
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
        pbf.pos = this.span(end, what);
        return;
      default:
        throw this.invalid(`${what} has wire type ${pbf.type}, which ONNX does not use`);
    }
  }
}
