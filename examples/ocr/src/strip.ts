import { resizeBilinear } from './resize.js';
import type { Picture } from './picture.js';
import type { FloatTensor } from './engine.js';

/** Height in pixels of the strips that the classifier and the recogniser read. */
export const STRIP_HEIGHT = 48;

/** A level 0 to 255 as -1 to 1, in float32 steps. */
const LEVELS = Float32Array.from({ length: 256 }, (_, v) => (Math.fround(v / 255) - 0.5) / 0.5);

/** A tensor `[count, 3, 48, width]` of zeros for that many strips. */
export function stripBatch(count: number, width: number): FloatTensor {
  return { data: new Float32Array(count * 3 * STRIP_HEIGHT * width), shape: [count, 3, STRIP_HEIGHT, width] };
}

/**
 * Writes a line of text as strip `index` of a batch: resized to height 48 with its proportions kept as far as
 * the batch is wide, planes blue, green, red, the rest to the right left as it is.
 */
export function writeStrip(batch: FloatTensor, index: number, line: Picture): void {
  const width = batch.shape[3]!;
  const used = Math.min(width, Math.ceil((STRIP_HEIGHT * line.width) / line.height));
  const pixels = resizeBilinear(line, used, STRIP_HEIGHT).data;
  const plane = STRIP_HEIGHT * width;
  for (let channel = 0; channel < 3; channel++) {
    const base = (index * 3 + channel) * plane;
    for (let y = 0, from = 2 - channel; y < STRIP_HEIGHT; y++) {
      const row = base + y * width;
      for (let x = 0; x < used; x++, from += 3) batch.data[row + x] = LEVELS[pixels[from]!]!;
    }
  }
}
