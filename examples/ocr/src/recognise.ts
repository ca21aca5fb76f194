import { decode } from './ctc.js';
import { STRIP_HEIGHT, stripBatch, writeStrip } from './strip.js';
import type { Picture } from './picture.js';
import type { Reading } from './ctc.js';
import type { Engine } from './engine.js';

/** Shorter lines are padded to this many pixels. */
const LEAST_WIDTH = 320;
/** Pixels of width in one run, padding included. */
const WIDTH_BUDGET = 2560;

/** Width in pixels at which the recogniser reads a line. */
export function recogniserWidth(line: Picture): number {
  return Math.max(LEAST_WIDTH, Math.trunc(STRIP_HEIGHT * (line.width / line.height)));
}

/** Lines that share one run: their positions in the list and their common width. */
interface Group {
  readonly width: number;
  readonly members: number[];
}

/** Groups lines of equal width, each group within the width budget of one run. */
export function groupByWidth(widths: readonly number[], budget = WIDTH_BUDGET): Group[] {
  const groups: Group[] = [];
  const open = new Map<number, Group>();
  widths.forEach((width, i) => {
    const group = open.get(width);
    if (group && (group.members.length + 1) * width <= budget) {
      group.members.push(i);
      return;
    }
    const fresh: Group = { width, members: [i] };
    open.set(width, fresh);
    groups.push(fresh);
  });
  return groups;
}

/** Reads lines of text, those of equal width in one run; the order stays. */
export async function recognise(lines: readonly Picture[], alphabet: readonly string[], engine: Engine): Promise<Reading[]> {
  const readings = new Array<Reading>(lines.length);
  for (const { width, members } of groupByWidth(lines.map(recogniserWidth))) {
    const batch = stripBatch(members.length, width);
    members.forEach((line, i) => writeStrip(batch, i, lines[line]!));
    await engine.run('recognition', batch, ({ data, shape }) => {
      const [, steps, classes] = shape as readonly [number, number, number];
      members.forEach((line, i) => {
        readings[line] = decode(data, i * steps * classes, steps, classes, alphabet);
      });
    });
  }
  return readings;
}
