/** @file Named cases and seeded generators beside the rooms: what conformance runs on every device. */
import type { ElementType } from '../tensor/element.js';
import { Literal } from '../tensor/literal.js';
import { sizeOf } from '../tensor/nd.js';
import type { Attributes } from './attributes.js';

/** |a - b| <= atol * scale + rtol * |b|, scale being the largest finite expected magnitude; integers exactly. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** One run of one operation: every input is a parameter unless `constants` names its index. */
export interface Case {
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (Literal | undefined)[];
  /** Indices of the inputs that are constants of the model. */
  readonly constants?: readonly number[];
  /** Expected outputs; absent: the room's `evaluate` says. */
  readonly outputs?: readonly Literal[];
}

/** The cases of one operation. */
export interface Cases {
  readonly op: string;
  readonly tolerance: Tolerance;
  readonly named: readonly Case[];
  /** A random case; the same seed gives the same case. */
  readonly generate?: (random: Random) => Case;
}

export const cases = (op: string, rest: Omit<Cases, 'op'>): Cases => ({ op, ...rest });

/** A maker of literals of one type: `of('i8')([2], [1, -1])`. */
export const of =
  (type: ElementType) =>
  (shape: readonly number[], values: ArrayLike<number | bigint | boolean>): Literal =>
    Literal.from(type, shape, values);
export const f32 = of('f32');
export const f16 = of('f16');
export const i32 = of('i32');
export const i64 = of('i64');
export const u8 = of('u8');
export const bool = of('boolean');
export const strings = (shape: readonly number[], values: readonly string[]): Literal => Literal.from('string', shape, values);

/** A seeded source of shapes and tensors (mulberry32). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  /** Uniform integer in [lo, hi]. */
  int(lo: number, hi: number): number {
    return lo + Math.floor(this.next() * (hi - lo + 1));
  }
  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)] as T;
  }
  /** Corners of boxes within a square of the given size, up to half of it long; neighbours in the list overlap often. */
  boxes(count: number, size = 1): number[] {
    let [x, y] = [0, 0];
    return Array.from({ length: count }, (_, i) => {
      if (i % 3 === 0) [x, y] = [this.next() * size * 0.5, this.next() * size * 0.5];
      const shift = (): number => this.next() * size * 0.1;
      return [x + shift(), y + shift(), x + size * 0.2 + shift() * 3, y + size * 0.2 + shift() * 3];
    }).flat();
  }
  shape({ rank, dim }: { rank: readonly [number, number]; dim: readonly [number, number] }): number[] {
    return Array.from({ length: this.int(...rank) }, () => this.int(...dim));
  }
  /** A shape that broadcasts to `shape`: leading dimensions dropped, others set to 1 at random. */
  broadcastable(shape: readonly number[]): number[] {
    return shape.slice(this.int(0, shape.length)).map((d) => (this.next() < 0.3 ? 1 : d));
  }
  /** Uniform values: floats in [lo, hi), integers in [lo, hi]. */
  tensor(type: ElementType, shape: readonly number[], lo = -2, hi = 2): Literal {
    const float = type === 'f32' || type === 'f16' || type === 'bf16' || type === 'f64';
    const values = Array.from({ length: sizeOf(shape) }, () =>
      float ? lo + this.next() * (hi - lo) : type === 'boolean' ? this.int(0, 1) : this.int(Math.ceil(lo), Math.floor(hi)),
    );
    return Literal.from(type, shape, values);
  }
}
export type { Attributes };
