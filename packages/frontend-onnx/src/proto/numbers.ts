/** Growing typed storage for the repeated numbers of a tensor, which arrive packed, one by one, or in several runs. */
import type { Wire } from './wire.js';

type Storage = Uint8Array | Int32Array | BigInt64Array | BigUint64Array;

const make: Readonly<Record<string, (count: number) => Storage>> = {
  float32Data: (count) => new Uint8Array(count * 4),
  float64Data: (count) => new Uint8Array(count * 8),
  int32Data: (count) => new Int32Array(count),
  int64Data: (count) => new BigInt64Array(count),
  uint64Data: (count) => new BigUint64Array(count),
};

/** One field's numbers while its message is read. Floats are kept as little-endian bytes: one packed run stays a view. */
export class Numbers {
  readonly #kind: string;
  readonly #bytes: number; // bytes of a float, 0 for varints
  #store: Storage;
  #used = 0; // entries of #store
  #shared = false; // #store is a view of the file

  constructor(kind: 'float32Data' | 'float64Data' | 'int32Data' | 'int64Data' | 'uint64Data') {
    this.#kind = kind;
    this.#bytes = kind === 'float32Data' ? 4 : kind === 'float64Data' ? 8 : 0;
    this.#store = (make[kind] as (count: number) => Storage)(0);
  }

  /** Reads one unpacked number. */
  addOne(wire: Wire, end: number, what: string): void {
    if (this.#bytes > 0) this.#append(wire.fixed(this.#bytes, end, what));
    else {
      this.#reserve(1);
      this.#readVarint(wire, end, what);
    }
  }

  /** Reads a packed run. */
  addPacked(wire: Wire, end: number, what: string): void {
    const start = wire.position;
    if (this.#bytes > 0) {
      const run = wire.bytes(end, what);
      if (run.length % this.#bytes !== 0) throw wire.invalid(`${what} has ${run.length} bytes, not a multiple of ${this.#bytes}`, start);
      this.#append(run);
      return;
    }
    const stop = wire.span(end, what);
    this.#reserve(wire.countVarints(stop));
    while (wire.position < stop) this.#readVarint(wire, stop, what);
  }

  /** The numbers read. */
  finish(): Storage {
    return this.#store.length === this.#used ? this.#store : this.#store.slice(0, this.#used);
  }

  #append(run: Uint8Array): void {
    if (this.#used === 0 && run.length > this.#bytes) {
      this.#store = run;
      this.#shared = true;
    } else {
      this.#reserve(run.length / this.#bytes);
      (this.#store as Uint8Array).set(run, this.#used);
    }
    this.#used += run.length;
  }

  /** Makes room for `count` more numbers; storage doubles, so that numbers that come one by one cost constant time. */
  #reserve(count: number): void {
    const unit = this.#bytes || 1,
      needed = this.#used + count * unit;
    if (needed <= this.#store.length && !this.#shared) return;
    const room = this.#used === 0 ? needed : Math.max(needed, 2 * this.#used);
    const grown = (make[this.#kind] as (count: number) => Storage)(Math.ceil(room / unit));
    (grown as Uint8Array).set(this.#store.subarray(0, this.#used) as Uint8Array);
    this.#store = grown;
    this.#shared = false;
  }

  #readVarint(wire: Wire, end: number, what: string): void {
    const at = this.#used++;
    if (this.#kind === 'int32Data') (this.#store as Int32Array)[at] = wire.int32(end, what);
    else (this.#store as BigInt64Array)[at] = wire.int64(end, what); // BigUint64Array takes the value modulo 2^64
  }
}
