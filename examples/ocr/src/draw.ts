import { layOut, placeTags } from './layout.js';
import { Typeface } from './typeface.js';
import type { Frame, Row } from './layout.js';
import type { Outline } from './typeface.js';
import type { Picture, Quad } from './picture.js';
import type { TextLine } from './read.js';

/** Green for sure, amber for fairly sure, red for doubtful. */
function colour(confidence: number): string {
  return confidence >= 0.95 ? '#0a7f3f' : confidence >= 0.8 ? '#b45f06' : '#c62828';
}

const INK = '#1c1c1e',
  FAINT = '#6b6b70',
  PAPER = '#fbfbfa',
  RULE = '#e4e4e0';

/** A filled SVG path at (x, y). */
function shape(path: string, x: number, y: number, fill: string): string {
  return path === '' ? '' : `<path transform="translate(${x.toFixed(1)} ${y.toFixed(1)})" fill="${fill}" d="${path}"/>`;
}

function rectangle(x: number, y: number, width: number, height: number, fill: string, radius = 0): string {
  const [l, t, w, h] = [x, y, width, height].map((v) => v.toFixed(1));
  return `<rect x="${l}" y="${t}" width="${w}" height="${h}" rx="${radius.toFixed(1)}" fill="${fill}"/>`;
}

function polygon(box: Quad, scale: number, stroke: string, width: number): string {
  const points = box.map(([x, y]) => `${(x * scale).toFixed(1)},${(y * scale).toFixed(1)}`).join(' ');
  const halo = `<polygon points="${points}" fill="none" stroke="#ffffff" stroke-opacity="0.35" stroke-width="${width * 2}"/>`;
  return `${halo}<polygon points="${points}" fill="${stroke}" fill-opacity="0.08" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"/>`;
}

/** A white number on a coloured tag. */
async function tag(
  face: Typeface,
  number: string,
  x: number,
  y: number,
  size: { width: number; height: number },
  fill: string,
): Promise<string> {
  const fontSize = size.height * 0.72;
  const text = await face.outline(number, fontSize);
  return (
    rectangle(x, y, size.width, size.height, fill, size.height * 0.25) +
    shape(text.path, x + (size.width - text.width) / 2, y + size.height / 2 + fontSize * 0.36, '#ffffff')
  );
}

/** A text at `size`, or as much smaller as `width` asks for. */
async function fitted(face: Typeface, text: string, size: number, width: number): Promise<Outline> {
  const full = await face.outline(text, size);
  return full.width <= width ? full : face.outline(text, (size * width) / full.width);
}

/** One row of the list: number, text, a bar and the percentage. */
async function listRow(face: Typeface, row: Row, frame: Frame): Promise<string> {
  const { x, y, line, number, text } = row;
  const size = frame.fontSize,
    fill = colour(line.confidence);
  const middle = y + frame.rowHeight / 2,
    baseline = middle + size * 0.36;
  const percent = await face.outline(`${(line.confidence * 100).toFixed(1)} %`, size * 0.8);
  const right = x + frame.columnWidth;
  const bar = { x: right - size * 5.6, width: size * 2, height: size * 0.3 };
  return (
    (await tag(face, number, x, middle - frame.tag.height / 2, frame.tag, fill)) +
    shape(text.path, x + frame.tag.width + size * 0.6, baseline, INK) +
    rectangle(bar.x, middle - bar.height / 2, bar.width, bar.height, RULE, bar.height / 2) +
    rectangle(bar.x, middle - bar.height / 2, Math.max(bar.width * line.confidence, bar.height), bar.height, fill, bar.height / 2) +
    shape(percent.path, right - percent.width, middle + size * 0.29, fill)
  );
}

/** A picture with its overlay: the frame says how large it is and how much the picture is enlarged. */
export interface Annotation {
  readonly frame: Frame;
  /** Paths only, no fonts needed; drawn over the picture, which stands at the top left. */
  readonly svg: string;
}

/**
 * Numbered boxes over the picture and, beside or below it, the list of lines with their text and confidence.
 * @param caption what stands above the list
 */
export async function annotate(picture: Picture, lines: readonly TextLine[], caption: string, face = new Typeface()): Promise<Annotation> {
  const { frame, rows } = await layOut(picture, lines, face);
  const { scale, fontSize, panel } = frame;
  const stroke = Math.max(1.5, fontSize / 12);
  const parts = [rectangle(panel.x, panel.y, panel.width, panel.height, PAPER)];
  const title = await fitted(
    face,
    lines.length > 0 ? caption : `no text found · ${caption}`,
    fontSize * 0.8,
    panel.width - 2 * frame.margin,
  );
  parts.push(shape(title.path, panel.x + frame.margin, panel.y + frame.margin + fontSize * 0.7, FAINT));
  for (const { box, confidence } of lines) parts.push(polygon(box, scale, colour(confidence), stroke));
  const tags = placeTags(
    lines.map(({ box }) => box),
    frame,
  );
  for (const [i, at] of tags.entries()) {
    parts.push(await tag(face, String(i + 1), at.x, at.y, frame.tag, colour(lines[i]!.confidence)));
  }
  for (const row of rows) parts.push(await listRow(face, row, frame));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${frame.width}" height="${frame.height}">${parts.join('')}</svg>`;
  return { frame, svg };
}
