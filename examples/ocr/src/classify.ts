import { halfTurn } from './picture.js';
import { stripBatch, writeStrip } from './strip.js';
import type { Picture } from './picture.js';
import type { Engine } from './engine.js';

/** Width in pixels of the strip that the classifier reads; longer lines are squeezed into it. */
const WIDTH = 192;
/** Lines classified in one run. */
const BATCH = 16;
/** A line is turned only if the classifier is surer than this. */
const CERTAINTY = 0.9;

/** A line of text with its letters upright. */
export interface UprightLine {
  readonly line: Picture;
  /** Whether it stood on its head. */
  readonly turned: boolean;
}

/** Turns the lines that stand on their head; the order stays. */
export async function makeUpright(lines: readonly Picture[], engine: Engine): Promise<UprightLine[]> {
  const upright: UprightLine[] = [];
  for (let start = 0; start < lines.length; start += BATCH) {
    const group = lines.slice(start, start + BATCH);
    const batch = stripBatch(group.length, WIDTH);
    group.forEach((line, i) => writeStrip(batch, i, line));
    const turns = await engine.run('classification', batch, ({ data }) => group.map((_, i) => data[i * 2 + 1]! > CERTAINTY));
    group.forEach((line, i) => upright.push({ line: turns[i] ? halfTurn(line) : line, turned: turns[i]! }));
  }
  return upright;
}
