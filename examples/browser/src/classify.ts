/** @file The numbers around the network: pixels to its input, its output to probabilities. */

const mean = [0.485, 0.456, 0.406] as const;
const deviation = [0.229, 0.224, 0.225] as const;

/** RGBA bytes, row by row, as f32 [1, 3, size, size]: scaled to 0..1, less the mean, over the deviation of each channel. */
export function normalise(pixels: ArrayLike<number>, size: number): Float32Array {
  const plane = size * size;
  const out = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++)
    for (let i = 0; i < plane; i++)
      out[c * plane + i] = ((pixels[4 * i + c] as number) / 255 - (mean[c] as number)) / (deviation[c] as number);
  return out;
}

/** Probabilities of the `count` largest logits, largest first. */
export function likeliest(logits: Float32Array, count: number): { index: number; probability: number }[] {
  const top = Math.max(...logits);
  const sum = logits.reduce((s, x) => s + Math.exp(x - top), 0);
  return Array.from(logits, (x, index) => ({ index, probability: Math.exp(x - top) / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}
