/** A border as x, y, x, y, …: the pixels at which its direction changes. */
export type Contour = Int32Array;

/** Steps to the eight neighbours, counter-clockwise from the right, as x and y. */
const STEP_X = [1, 1, 0, -1, -1, -1, 0, 1] as const;
const STEP_Y = [0, -1, -1, -1, 0, 1, 1, 1] as const;

/** Marks of a pixel: background, not yet on a border, on a border, on a border with background to its right. */
const BACKGROUND = 0,
  INSIDE = 1,
  BORDER = 2,
  RIGHT_BORDER = -2;

/** The map with one pixel of background around it, so that every pixel has eight neighbours. */
function framed(map: ArrayLike<number>, width: number, height: number, threshold: number): Int8Array {
  const stride = width + 2;
  const marks = new Int8Array(stride * (height + 2));
  for (let y = 0, from = 0; y < height; y++) {
    let to = (y + 1) * stride + 1;
    for (let x = 0; x < width; x++) marks[to++] = map[from++]! > threshold ? INSIDE : BACKGROUND;
  }
  return marks;
}

/**
 * Follows one border from its first pixel and marks it.
 * @param start index of the first pixel; `from` is the direction towards the background it was found by
 */
function follow(marks: Int8Array, stride: number, start: number, from: number): Contour {
  const offsets = STEP_X.map((dx, i) => dx + STEP_Y[i]! * stride);
  const points: number[] = [];
  let x = (start % stride) - 1,
    y = Math.floor(start / stride) - 1;
  let direction = from;
  do direction = (direction - 1) & 7;
  while (marks[start + offsets[direction]!] === BACKGROUND && direction !== from);
  if (direction === from) {
    marks[start] = RIGHT_BORDER;
    return Int32Array.of(x, y);
  }
  const last = start + offsets[direction]!;
  let at = start;
  let previous = direction ^ 4;
  for (;;) {
    const searched = direction;
    let next: number;
    do next = at + offsets[++direction & 7]!;
    while (marks[next] === BACKGROUND);
    direction &= 7;
    // The search went past the right neighbour: it is background.
    if (direction >= 1 && direction <= searched) marks[at] = RIGHT_BORDER;
    else if (marks[at] === INSIDE) marks[at] = BORDER;
    if (direction !== previous) {
      points.push(x, y);
      previous = direction;
    }
    x += STEP_X[direction]!;
    y += STEP_Y[direction]!;
    if (next === start && at === last) return Int32Array.from(points);
    at = next;
    direction = (direction + 4) & 7;
  }
}

/**
 * All outer borders and borders of holes of the pixels above `threshold`, those found last first
 * (border following of Suzuki and Abe, 1985, without the hierarchy). Borders of holes run on the pixels around the hole.
 */
export function findContours(map: ArrayLike<number>, width: number, height: number, threshold: number): Contour[] {
  const stride = width + 2;
  const marks = framed(map, width, height, threshold);
  const contours: Contour[] = [];
  for (let y = 1; y <= height; y++) {
    let left = BACKGROUND as number;
    for (let i = y * stride + 1, end = i + width + 1; i < end; i++) {
      let here = marks[i]!;
      if (here === left) continue;
      if (left === BACKGROUND && here === INSIDE) contours.push(follow(marks, stride, i, 4));
      else if (here === BACKGROUND && left > 0) contours.push(follow(marks, stride, i - 1, 0));
      here = marks[i]!;
      left = here;
    }
  }
  return contours.reverse();
}
