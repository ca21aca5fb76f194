/** @file Narrow types to numbers and back: bit patterns of f16, bf16, f8, f4, nf4 and packed integers. */
import { CuveeError } from '../errors.js';
import { allocate, bitsOf, isSigned, type ElementType, type Storage } from './element.js';

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);

/** A binary float format: exponent and mantissa widths, and what its top code means. */
interface Format {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** `ieee`: top exponent is inf and NaN; `finite`: only the all-ones code is NaN; `none`: neither; `fnuz`: the code of -0 is NaN. */
  readonly specials: 'ieee' | 'finite' | 'none' | 'fnuz';
}

const formats: Partial<Record<ElementType, Format>> = {
  f16: { exponent: 5, mantissa: 10, bias: 15, specials: 'ieee' },
  f8e5m2: { exponent: 5, mantissa: 2, bias: 15, specials: 'ieee' },
  f8e4m3: { exponent: 4, mantissa: 3, bias: 7, specials: 'finite' },
  f4e2m1: { exponent: 2, mantissa: 1, bias: 1, specials: 'none' },
  f8e4m3fnuz: { exponent: 4, mantissa: 3, bias: 8, specials: 'fnuz' },
  f8e5m2fnuz: { exponent: 5, mantissa: 2, bias: 16, specials: 'fnuz' },
};

/** NF4's sixteen levels (QLoRA, Dettmers et al. 2023, appendix E). */
const nf4 = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
  0.7229568362236023, 1,
];

function decodeFloat(bits: number, { exponent, mantissa, bias, specials }: Format): number {
  if (specials === 'fnuz' && bits === 1 << (exponent + mantissa)) return NaN;
  const sign = (bits >> (exponent + mantissa)) & 1 ? -1 : 1;
  const e = (bits >> mantissa) & ((1 << exponent) - 1);
  const m = bits & ((1 << mantissa) - 1);
  const top = (1 << exponent) - 1;
  if (specials === 'ieee' && e === top) return m ? NaN : sign * Infinity;
  if (specials === 'finite' && e === top && m === (1 << mantissa) - 1) return NaN;
  return e === 0 ? sign * m * 2 ** (1 - bias - mantissa) : sign * (1 + m / (1 << mantissa)) * 2 ** (e - bias);
}

/** Rounds to nearest even; beyond the largest value gives inf (ieee), NaN (finite, fnuz) or the largest (none). */
function encodeFloat(value: number, { exponent, mantissa, bias, specials }: Format): number {
  if (specials === 'fnuz') return encodeFnuz(value, { exponent, mantissa, bias, specials: 'none' });
  const top = (1 << exponent) - 1;
  const signBit = (value < 0 || Object.is(value, -0) ? 1 : 0) << (exponent + mantissa);
  const nan = specials === 'ieee' ? (top << mantissa) | (1 << (mantissa - 1)) : (1 << (exponent + mantissa)) - 1;
  if (Number.isNaN(value)) return specials === 'none' ? signBit : signBit | nan;
  const largest =
    specials === 'ieee'
      ? (top << mantissa) - 1
      : specials === 'finite'
        ? (1 << (exponent + mantissa)) - 2
        : (1 << (exponent + mantissa)) - 1;
  const overflow = specials === 'ieee' ? top << mantissa : specials === 'finite' ? nan : largest;
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return signBit | overflow;
  const e = Math.max(Math.floor(Math.log2(magnitude || 2 ** -bias)), 1 - bias);
  let unit = 2 ** (e - mantissa);
  // log2 may be one off at a power of two; the scaled significand tells.
  let scaled = magnitude / unit;
  let biased = e + bias;
  if (scaled >= 2 ** (mantissa + 1)) {
    unit *= 2;
    scaled /= 2;
    biased += 1;
  }
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  const code = rounded < 1 << mantissa ? rounded : ((biased - 1) << mantissa) + rounded;
  return signBit | (code > largest ? overflow : code);
}

/** Without infinities and without -0, whose code is the only NaN. */
function encodeFnuz(value: number, format: Format): number {
  const nan = 1 << (format.exponent + format.mantissa);
  const largest = decodeFloat(nan - 1, format);
  // a tie with the code beyond the largest goes there: the largest is odd
  if (!(Math.abs(value) < largest + 2 ** ((1 << format.exponent) - 2 - format.bias - format.mantissa))) return nan;
  const code = encodeFloat(value, format);
  return code === nan ? 0 : code;
}

const half = formats.f16 as Format;
let halfTable: Float32Array | undefined;

/** The value of an f16 bit pattern. */
export function halfToFloat(bits: number): number {
  halfTable ??= Float32Array.from({ length: 65536 }, (_, i) => decodeFloat(i, half));
  return halfTable[bits] as number;
}

/** The f16 bit pattern nearest to a value (ties to even, from the f32 nearest to it). */
export function floatToHalf(value: number): number {
  f32[0] = value;
  const x = u32[0] as number;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | encodeFloat(Math.abs(f32[0] as number), half);
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** The value of a bf16 bit pattern. */
export function bfloatToFloat(bits: number): number {
  u32[0] = bits << 16;
  return f32[0] as number;
}

/** The bf16 bit pattern nearest to a value (ties to even). */
export function floatToBfloat(value: number): number {
  f32[0] = value;
  const x = u32[0] as number;
  if ((x & 0x7fffffff) > 0x7f800000) return (x >>> 16) | 0x40;
  return ((x + 0x7fff + ((x >>> 16) & 1)) >>> 16) & 0xffff;
}

function decodeBits(type: ElementType, bits: number): number {
  if (type === 'bf16') return bfloatToFloat(bits);
  if (type === 'f16') return halfToFloat(bits);
  if (type === 'nf4') return nf4[bits] as number;
  if (type === 'f8e8m0') return bits === 255 ? NaN : 2 ** (bits - 127);
  const format = formats[type];
  if (format) return decodeFloat(bits, format);
  const width = bitsOf(type);
  return isSigned(type) && bits >> (width - 1) ? bits - (1 << width) : bits;
}

function encodeBits(type: ElementType, value: number): number {
  if (type === 'bf16') return floatToBfloat(value);
  if (type === 'f16') return floatToHalf(value);
  if (type === 'nf4')
    return nf4.reduce((best, level, i) => (Math.abs(level - value) < Math.abs((nf4[best] as number) - value) ? i : best), 0);
  if (type === 'f8e8m0') return Number.isNaN(value) ? 255 : Math.min(254, Math.max(0, Math.round(Math.log2(value)) + 127));
  const format = formats[type];
  return format ? encodeFloat(value, format) : Math.trunc(value) & ((1 << bitsOf(type)) - 1);
}

/** Where element `i` of a packed type lies: low bits first, but u1 from the highest bit; u3 and u6 split (IR v11, 7.2). */
function readPacked(bytes: Uint8Array, type: ElementType, i: number): number {
  const width = bitsOf(type);
  const mask = (1 << width) - 1;
  if (type === 'u1') return ((bytes[i >> 3] as number) >> (7 - (i & 7))) & 1;
  if (width === 3 || width === 6) {
    const { low, lowBits, lowShift, high, highShift } = splitPlace(width, i);
    return (
      (((bytes[low] as number) >> lowShift) & ((1 << lowBits) - 1)) |
      ((((bytes[high] as number) >> highShift) & (mask >> lowBits)) << lowBits)
    );
  }
  const at = i * width;
  const word = (bytes[at >> 3] as number) | ((bytes[(at >> 3) + 1] ?? 0) << 8);
  return (word >> (at & 7)) & mask;
}

/**
 * Where element `i` of u3 or u6 lies. Of each three bytes the first two hold the elements' low bits (2 or 4 of each), the
 * third the rest (1 or 2), the first element always in the highest bits.
 */
function splitPlace(width: 3 | 6, i: number): { low: number; lowBits: number; lowShift: number; high: number; highShift: number } {
  const [lowBits, highBits] = width === 3 ? [2, 1] : [4, 2];
  const group = 24 / width;
  const start = Math.floor(i / group) * 3;
  const k = i % group;
  const half = group / 2;
  return {
    low: start + Math.floor(k / half),
    lowBits,
    lowShift: 8 - lowBits * ((k % half) + 1),
    high: start + 2,
    highShift: 8 - highBits * (k + 1),
  };
}

function writePacked(bytes: Uint8Array, type: ElementType, i: number, bits: number): void {
  const width = bitsOf(type);
  if (type === 'u1') {
    bytes[i >> 3] = (bytes[i >> 3] as number) | (bits << (7 - (i & 7)));
    return;
  }
  if (width === 3 || width === 6) {
    const { low, lowBits, lowShift, high, highShift } = splitPlace(width, i);
    bytes[low] = (bytes[low] as number) | ((bits & ((1 << lowBits) - 1)) << lowShift);
    bytes[high] = (bytes[high] as number) | ((bits >> lowBits) << highShift);
    return;
  }
  const at = i * width;
  const word = bits << (at & 7);
  bytes[at >> 3] = (bytes[at >> 3] as number) | (word & 255);
  if (word >> 8) bytes[(at >> 3) + 1] = (bytes[(at >> 3) + 1] as number) | (word >> 8);
}

/** What `evaluate` computes on: plain numbers, or BigInts for the 64-bit integers, or strings. */
export type Elements = Exclude<Storage, string[]> | string[];

/** The array class that `evaluate` sees for a type: Float32Array for every float up to f32, wider integers for packed ones. */
export function emptyElements(type: ElementType, count: number): Elements {
  if (isPlain(type)) return allocate(type, count);
  const float = formats[type] || type === 'bf16' || type === 'nf4' || type === 'f8e8m0';
  try {
    return float ? new Float32Array(count) : isSigned(type) ? new Int8Array(count) : new Uint8Array(count);
  } catch (cause) {
    throw new CuveeError('OUT_OF_MEMORY', `allocating ${count} elements of ${type}`, { cause });
  }
}

/** Values as the decoded elements of a type: the same memory when they are that already. */
export function toElements(type: ElementType, values: Elements | readonly (number | bigint | string)[]): Elements {
  const elements = emptyElements(type, 0);
  if (elements.constructor === values.constructor) return values as Elements;
  if (Array.isArray(elements)) return Array.from(values as ArrayLike<unknown>, String);
  const made = emptyElements(type, values.length) as Float64Array | BigInt64Array;
  const wide = made instanceof BigInt64Array || (made as unknown) instanceof BigUint64Array;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number | bigint;
    made[i] = (wide ? (typeof v === 'bigint' ? v : BigInt(Math.trunc(v))) : type === 'boolean' ? Number(Boolean(v)) : Number(v)) as never;
  }
  return made;
}

/** Types whose storage holds their values and not bit patterns. */
function isPlain(type: ElementType): boolean {
  return type === 'string' || (bitsOf(type) >= 8 && !formats[type] && type !== 'bf16' && type !== 'f8e8m0');
}

/** Storage → the values that `evaluate` computes on; the same array when there is nothing to decode. */
export function decode(type: ElementType, storage: Storage, count: number): Elements {
  if (isPlain(type)) return storage;
  const out = emptyElements(type, count) as Float32Array;
  const bytes = storage as Uint8Array | Uint16Array;
  if (bitsOf(type) >= 8) for (let i = 0; i < count; i++) out[i] = decodeBits(type, bytes[i] as number);
  else for (let i = 0; i < count; i++) out[i] = decodeBits(type, readPacked(bytes as Uint8Array, type, i));
  return out;
}

/** Values → storage, rounding to nearest even; the same array when there is nothing to encode. */
export function encode(type: ElementType, values: Elements, count: number): Storage {
  if (isPlain(type)) return values;
  const out = allocate(type, count) as Uint8Array | Uint16Array;
  const numbers = values as Float32Array;
  if (bitsOf(type) >= 8) for (let i = 0; i < count; i++) out[i] = encodeBits(type, numbers[i] as number);
  else for (let i = 0; i < count; i++) writePacked(out as Uint8Array, type, i, encodeBits(type, numbers[i] as number));
  return out;
}
