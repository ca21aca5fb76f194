import { blank } from './picture.js';
import type { Picture } from './picture.js';

/** Interpolation weights are integers with this many fraction bits. */
const WEIGHT_BITS = 11;
const WEIGHT_ONE = 1 << WEIGHT_BITS;

/** For every output position: the two source positions and the integer weight of each. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly firstWeight: Int32Array;
  readonly secondWeight: Int32Array;
}

/** Rounds a float32 weight to the nearest integer, a half to the even one. */
function quantise(weight: number): number {
  const scaled = Math.fround(weight * WEIGHT_ONE);
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** Pixel centres of the output mapped onto the source; positions beyond the edge take the edge pixel. */
function taps(source: number, target: number): Taps {
  const first = new Int32Array(target),
    second = new Int32Array(target);
  const firstWeight = new Int32Array(target),
    secondWeight = new Int32Array(target);
  const scale = source / target;
  for (let i = 0; i < target; i++) {
    const position = Math.fround((i + 0.5) * scale - 0.5);
    const base = Math.floor(position);
    const fraction = Math.fround(position - base);
    first[i] = Math.min(Math.max(base, 0), source - 1);
    second[i] = Math.min(Math.max(base + 1, 0), source - 1);
    firstWeight[i] = quantise(Math.fround(1 - fraction));
    secondWeight[i] = quantise(fraction);
  }
  return { first, second, firstWeight, secondWeight };
}

/** One source row, resized horizontally and scaled by 2^11. */
function resizeRow(data: Uint8Array, offset: number, columns: Taps, out: Int32Array): void {
  const { first, second, firstWeight, secondWeight } = columns;
  const count = first.length;
  for (let x = 0, to = 0; x < count; x++) {
    const a = offset + first[x]! * 3,
      b = offset + second[x]! * 3;
    const wa = firstWeight[x]!,
      wb = secondWeight[x]!;
    out[to++] = data[a]! * wa + data[b]! * wb;
    out[to++] = data[a + 1]! * wa + data[b + 1]! * wb;
    out[to++] = data[a + 2]! * wa + data[b + 2]! * wb;
  }
}

/** Two resized rows mixed; of their 22 fraction bits some are dropped before each sum, as OpenCV does. */
function blendRows(upper: Int32Array, lower: Int32Array, wa: number, wb: number, out: Uint8Array, offset: number): void {
  const length = upper.length;
  for (let x = 0; x < length; x++) {
    out[offset + x] = (((wa * (upper[x]! >> 4)) >> 16) + ((wb * (lower[x]! >> 4)) >> 16) + 2) >> 2;
  }
}

/** Exactly half the size in both directions: the rounded mean of each block of two by two. */
function halve(picture: Picture): Picture {
  const { data, width } = picture;
  const out = blank(width / 2, picture.height / 2);
  const row = width * 3;
  for (let y = 0, to = 0; y < out.height; y++) {
    for (let x = 0; x < out.width; x++) {
      const from = y * 2 * row + x * 6;
      for (let c = from; c < from + 3; c++) {
        out.data[to++] = (data[c]! + data[c + 3]! + data[c + row]! + data[c + row + 3]! + 2) >> 2;
      }
    }
  }
  return out;
}

/**
 * Bilinear resizing with the integer arithmetic of OpenCV's `INTER_LINEAR`: weights of 11 bits, pixel
 * centres aligned, no smoothing when shrinking. Equal sizes return the picture itself.
 */
export function resizeBilinear(picture: Picture, width: number, height: number): Picture {
  if (picture.width === width && picture.height === height) return picture;
  if (picture.width === width * 2 && picture.height === height * 2) return halve(picture);
  const columns = taps(picture.width, width),
    rows = taps(picture.height, height);
  const out = blank(width, height);
  const length = width * 3;
  let upper = new Int32Array(length),
    lower = new Int32Array(length);
  let upperRow = -1,
    lowerRow = -1;
  for (let y = 0; y < height; y++) {
    const a = rows.first[y]!,
      b = rows.second[y]!;
    if (a === lowerRow) [upper, lower, upperRow, lowerRow] = [lower, upper, lowerRow, upperRow];
    if (a !== upperRow) resizeRow(picture.data, a * picture.width * 3, columns, upper);
    upperRow = a;
    if (b !== lowerRow && b !== a) resizeRow(picture.data, b * picture.width * 3, columns, lower);
    if (b !== a) lowerRow = b;
    blendRows(upper, a === b ? upper : lower, rows.firstWeight[y]!, rows.secondWeight[y]!, out.data, y * length);
  }
  return out;
}
