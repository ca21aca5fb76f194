import { resizeBilinear } from './resize.js';
import { roundHalfEven } from './picture.js';
import type { Picture } from './picture.js';
import type { Engine, FloatTensor } from './engine.js';

/** The detector sees pictures whose shorter side is at least this many pixels. */
const SHORTER_SIDE = 736;
/** Both sides of the detector's input are multiples of this. */
const STRIDE = 32;

/** Pictures are enlarged at most this much: text below eight pixels is not readable at any size. */
const MOST_ENLARGED = SHORTER_SIDE / 8;
/** The detector's input has at most about this many pixels; larger pictures are reduced. */
const MOST_PIXELS = 20_000_000;

/** ImageNet's mean and deviation, applied to the planes in the order blue, green, red as PP-OCR was trained. */
const MEAN = [0.485, 0.456, 0.406] as const;
const DEVIATION = [0.229, 0.224, 0.225] as const;

/** Height and width at which the detector reads a picture of the given size. */
export function detectorSize(width: number, height: number): { width: number; height: number } {
  const wanted = Math.min(Math.max(1, SHORTER_SIDE / Math.min(width, height)), MOST_ENLARGED);
  const ratio = Math.min(wanted, Math.sqrt(MOST_PIXELS / (width * height)));
  const fit = (side: number): number => Math.max(STRIDE, roundHalfEven(Math.trunc(side * ratio) / STRIDE) * STRIDE);
  return { width: fit(width), height: fit(height) };
}

/** The normalised value of each of the 256 levels of one plane, in float32 steps. */
function levels(mean: number, deviation: number): Float32Array {
  const table = new Float32Array(256);
  const m = Math.fround(mean),
    d = Math.fround(deviation);
  for (let v = 0; v < 256; v++) table[v] = Math.fround(Math.fround(Math.fround(v / 255) - m) / d);
  return table;
}

/** The detector's input `[1, 3, height, width]`: resized, normalised, planes blue, green, red. */
export function detectorInput(picture: Picture): FloatTensor {
  const { width, height } = detectorSize(picture.width, picture.height);
  const pixels = resizeBilinear(picture, width, height).data;
  const plane = width * height;
  const data = new Float32Array(plane * 3);
  const [blue, green, red] = MEAN.map((mean, i) => levels(mean, DEVIATION[i]!)) as [Float32Array, Float32Array, Float32Array];
  for (let i = 0, from = 0; i < plane; i++, from += 3) {
    data[i] = blue[pixels[from + 2]!]!;
    data[plane + i] = green[pixels[from + 1]!]!;
    data[plane * 2 + i] = red[pixels[from]!]!;
  }
  return { data, shape: [1, 3, height, width] };
}

/** Hands to `use` how likely each pixel of the detector's input is text: `[1, 1, height, width]`, 0 to 1. */
export function detect<T>(picture: Picture, engine: Engine, use: (map: FloatTensor) => T): Promise<T> {
  return engine.run('detection', detectorInput(picture), use);
}
