import { performance } from 'node:perf_hooks';
import { textBoxes } from './boxes.js';
import { makeUpright } from './classify.js';
import { cropLine } from './crop.js';
import { detect } from './detect.js';
import { loadAlphabet } from './models.js';
import { inReadingOrder } from './order.js';
import { recognise } from './recognise.js';
import type { Engine } from './engine.js';
import type { Picture, Quad } from './picture.js';

/** One line of text that was read. */
export interface TextLine {
  readonly text: string;
  /** Mean probability of its characters, 0 to 1. */
  readonly confidence: number;
  /** Four corners in pixels of the picture, clockwise from the top left. */
  readonly box: Quad;
  /** How sure the detector is that there is text, 0 to 1. */
  readonly detection: number;
  /** Whether the line stood on its head. */
  readonly turned: boolean;
}

/** Milliseconds that each stage took. */
export interface StageTimes {
  /** Resizing, the detection network. */
  detect: number;
  /** From the probability map to boxes, and the lines cut out and straightened. */
  boxes: number;
  /** Turning lines upright. */
  classify: number;
  /** Reading them. */
  recognise: number;
}

/** What a picture says, lines in reading order. */
export interface ReadResult {
  readonly lines: TextLine[];
  readonly times: StageTimes;
}

/**
 * Reads the text of a picture with the processing of PP-OCRv4: detect, straighten, turn upright, recognise.
 * @param alphabet the character of each of the recogniser's classes
 */
export async function readText(picture: Picture, engine: Engine, alphabet: readonly string[] = loadAlphabet()): Promise<ReadResult> {
  let mark = performance.now();
  const lap = (): number => -mark + (mark = performance.now());
  const times: StageTimes = { detect: 0, boxes: 0, classify: 0, recognise: 0 };
  const boxes = await detect(picture, engine, (map) => {
    times.detect = lap();
    return textBoxes(map, picture.width, picture.height);
  });
  const found = inReadingOrder(boxes).flatMap((box) => {
    const line = cropLine(picture, box.box);
    return line ? [{ ...box, line }] : [];
  });
  times.boxes = lap();
  const upright = await makeUpright(
    found.map(({ line }) => line),
    engine,
  );
  times.classify = lap();
  const readings = await recognise(
    upright.map(({ line }) => line),
    alphabet,
    engine,
  );
  times.recognise = lap();
  const lines = found.map(
    ({ box, score }, i): TextLine => ({
      ...readings[i]!,
      box,
      detection: score,
      turned: upright[i]!.turned,
    }),
  );
  return { lines, times };
}
