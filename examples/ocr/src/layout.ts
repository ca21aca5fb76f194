import type { Outline, Typeface } from './typeface.js';
import type { Picture, Quad } from './picture.js';
import type { TextLine } from './read.js';

/** An upright rectangle in pixels. */
interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The measures of an annotated picture, in its pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** How much the picture is enlarged. */
  readonly scale: number;
  readonly fontSize: number;
  readonly margin: number;
  readonly rowHeight: number;
  readonly columnWidth: number;
  /** Size of the numbered tags. */
  readonly tag: { readonly width: number; readonly height: number };
  /** Where the list of lines stands. */
  readonly panel: Area;
  /** Size of the picture as drawn. */
  readonly picture: { readonly width: number; readonly height: number };
}

/** One line of the list and where it stands. */
export interface Row {
  readonly x: number;
  readonly y: number;
  readonly number: string;
  readonly text: Outline;
  readonly line: TextLine;
}

/** Smaller pictures are enlarged until their longer side has this many pixels, but at most fourfold. */
const LONGER_SIDE = 900,
  MOST_ENLARGED = 4;
/** Pictures wider than this many times their height get the list below, others to the right. */
const WIDE = 1.7;
/** Texts longer than this many times the font size are set smaller. */
const LONGEST_TEXT = 34;

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Every text at the font size, or smaller if it would run too far. */
async function outlines(lines: readonly TextLine[], fontSize: number, face: Typeface): Promise<Outline[]> {
  const texts: Outline[] = [];
  for (const { text } of lines) {
    const full = await face.outline(text, fontSize);
    const limit = LONGEST_TEXT * fontSize;
    texts.push(full.width <= limit ? full : await face.outline(text, (fontSize * limit) / full.width));
  }
  return texts;
}

/** Decides where the picture and the list stand, and where in the list each line. */
export async function layOut(picture: Picture, lines: readonly TextLine[], face: Typeface): Promise<{ frame: Frame; rows: Row[] }> {
  const scale = clamp(LONGER_SIDE / Math.max(picture.width, picture.height), 1, MOST_ENLARGED);
  const width = Math.round(picture.width * scale),
    height = Math.round(picture.height * scale);
  const fontSize = clamp(Math.round(Math.sqrt(width * height) / 45), 15, 34);
  const margin = fontSize,
    rowHeight = Math.round(fontSize * 1.9),
    header = margin + fontSize * 1.6;
  const tag = { width: fontSize * (0.75 + 0.5 * String(lines.length).length), height: fontSize * 1.2 };
  const texts = await outlines(lines, fontSize, face);
  const widest = Math.max(fontSize * 10, ...texts.map((text) => text.width));
  const columnWidth = Math.ceil(tag.width + fontSize * 0.6 + widest + fontSize * 6.6);
  const below = width > height * WIDE;
  const wanted = below
    ? Math.floor((width - margin) / (columnWidth + margin * 2))
    : Math.ceil(lines.length / Math.max(1, Math.floor((height - header - margin) / rowHeight)));
  const columns = clamp(wanted, 1, below ? Math.max(1, lines.length) : 2);
  const perColumn = Math.ceil(lines.length / columns);
  const needed = header + perColumn * rowHeight + margin;
  const panelWidth = margin * 2 + columns * columnWidth + (columns - 1) * margin * 2;
  const panel: Area = below
    ? { x: 0, y: height, width: Math.max(width, panelWidth), height: Math.ceil(needed) }
    : { x: width, y: 0, width: panelWidth, height: Math.max(height, Math.ceil(needed)) };
  const frame: Frame = {
    width: panel.x + panel.width,
    height: panel.y + panel.height,
    scale,
    fontSize,
    margin,
    rowHeight,
    columnWidth,
    tag,
    panel,
    picture: { width, height },
  };
  const rows = lines.map(
    (line, i): Row => ({
      x: panel.x + margin + Math.floor(i / perColumn) * (columnWidth + margin * 2),
      y: panel.y + header + (i % perColumn) * rowHeight,
      number: String(i + 1),
      text: texts[i]!,
      line,
    }),
  );
  return { frame, rows };
}

function overlaps(a: Area, b: Area): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** The upright rectangle around a box, enlarged with the picture. */
function bounds(box: Quad, scale: number): Area {
  const xs = box.map((p) => p[0] * scale),
    ys = box.map((p) => p[1] * scale);
  const x = Math.min(...xs),
    y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** For each box a place for its tag near its beginning that hides no text and no other tag, if there is one. */
export function placeTags(boxes: readonly Quad[], frame: Frame): { x: number; y: number }[] {
  const { width, height } = frame.tag;
  const taken = boxes.map((box) => bounds(box, frame.scale));
  return boxes.map((box) => {
    const gap = 2;
    const [x, y] = [box[0][0] * frame.scale, box[0][1] * frame.scale];
    const [endX, endY] = [box[1][0] * frame.scale, box[1][1] * frame.scale];
    const foot = box[3][1] * frame.scale,
      middle = (y + foot) / 2;
    const candidates = [
      { x: x - width - gap, y: middle - height / 2 },
      { x, y: y - height - gap },
      { x: endX + gap, y: (endY + box[2][1] * frame.scale) / 2 - height / 2 },
      { x: box[3][0] * frame.scale, y: foot + gap },
      { x: endX - width, y: endY - height - gap },
    ];
    const free = candidates.find((place) => {
      const area = { ...place, width, height };
      const inside = area.x >= 0 && area.y >= 0 && area.x + width <= frame.picture.width && area.y + height <= frame.picture.height;
      return inside && !taken.some((other) => overlaps(area, other));
    });
    const chosen = free ?? {
      x: clamp(x - width * 0.6, 0, frame.picture.width - width),
      y: clamp(y - height * 0.6, 0, frame.picture.height - height),
    };
    taken.push({ ...chosen, width, height });
    return chosen;
  });
}
