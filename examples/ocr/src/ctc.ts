/** A text and the mean probability of its characters, 0 to 1. */
export interface Reading {
  readonly text: string;
  readonly confidence: number;
}

/** The class that stands for "no character here". */
const BLANK = 0;

/**
 * Greedy decoding of connectionist temporal classification: the likeliest class of each step, repetitions
 * merged, blanks dropped. A reading without characters has confidence 0.
 * @param probabilities row-major `[steps, classes]`, beginning at `offset`
 * @param alphabet the character of each class; the blank's own entry is not used
 */
export function decode(probabilities: Float32Array, offset: number, steps: number, classes: number, alphabet: readonly string[]): Reading {
  let text = '',
    sum = 0,
    count = 0,
    previous = BLANK;
  for (let step = 0; step < steps; step++) {
    const base = offset + step * classes;
    let best = 0,
      highest = probabilities[base]!;
    for (let c = 1; c < classes; c++) {
      const p = probabilities[base + c]!;
      if (p > highest) {
        highest = p;
        best = c;
      }
    }
    if (best !== BLANK && best !== previous) {
      text += alphabet[best] ?? '';
      sum += highest;
      count++;
    }
    previous = best;
  }
  return { text, confidence: count > 0 ? sum / count : 0 };
}

/** The alphabet of a PP-OCR recogniser: blank, the lines of its dictionary, a space. */
export function readAlphabet(dictionary: string): string[] {
  const lines = dictionary.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines[lines.length - 1] === '') lines.pop();
  return ['', ...lines, ' '];
}
