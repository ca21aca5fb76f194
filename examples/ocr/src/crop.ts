import { blank, quarterTurn } from './picture.js';
import type { Picture, Point, Quad } from './picture.js';

/** A crop at least this many times as high as wide holds text that runs downwards. */
const UPRIGHT_RATIO = 1.5;

/** Solves the square system `matrix · x = values` by elimination with partial pivoting; undefined if singular. */
function solve(matrix: number[][], values: number[]): number[] | undefined {
  const n = values.length;
  const rows = matrix.map((row, i) => [...row, values[i]!]);
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(rows[r]![c]!) > Math.abs(rows[pivot]![c]!)) pivot = r;
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    const top = rows[c]!;
    if (Math.abs(top[c]!) < 1e-12) return undefined;
    for (let r = c + 1; r < n; r++) {
      const row = rows[r]!,
        factor = row[c]! / top[c]!;
      for (let k = c; k <= n; k++) row[k] = row[k]! - factor * top[k]!;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let r = n - 1; r >= 0; r--) {
    let sum = rows[r]![n]!;
    for (let k = r + 1; k < n; k++) sum -= rows[r]![k]! * x[k]!;
    x[r] = sum / rows[r]![r]!;
  }
  return x;
}

/**
 * The perspective map that takes each `from` to its `to`: nine numbers, row by row, the last one 1.
 * Undefined when three of the points lie on a line.
 */
export function perspective(from: Quad, to: Quad): number[] | undefined {
  const matrix: number[][] = [],
    values: number[] = [];
  from.forEach(([x, y], i) => {
    const [u, v] = to[i]!;
    matrix.push([x, y, 1, 0, 0, 0, -x * u, -y * u], [0, 0, 0, x, y, 1, -x * v, -y * v]);
    values.push(u, v);
  });
  const solution = solve(matrix, values);
  return solution && [...solution, 1];
}

/** The four weights of Keys' cubic kernel (a = -0.75) for a position `t` between the middle two, into `out`. */
function cubicWeights(t: number, out: Float64Array): void {
  const a = -0.75,
    u = 1 - t;
  out[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  out[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  out[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  out[3] = 1 - out[0] - out[1] - out[2];
}

function clamp(value: number, limit: number): number {
  return value < 0 ? 0 : value >= limit ? limit - 1 : value;
}

/**
 * A picture of `width` by `height` whose pixel (x, y) is the source at `toSource · (x, y, 1)`, interpolated
 * bicubically; beyond its edges the source repeats its edge pixels.
 */
export function warp(source: Picture, toSource: readonly number[], width: number, height: number): Picture {
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = toSource as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const out = blank(width, height);
  const data = source.data;
  const wx = new Float64Array(4),
    wy = new Float64Array(4);
  const columns = new Int32Array(4);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const w = m6 * x + m7 * y + m8;
      const sx = w !== 0 ? (m0 * x + m1 * y + m2) / w : 0,
        sy = w !== 0 ? (m3 * x + m4 * y + m5) / w : 0;
      const ix = Math.floor(sx),
        iy = Math.floor(sy);
      cubicWeights(sx - ix, wx);
      cubicWeights(sy - iy, wy);
      for (let i = 0; i < 4; i++) columns[i] = clamp(ix + i - 1, source.width) * 3;
      let r = 0,
        g = 0,
        b = 0;
      for (let j = 0; j < 4; j++) {
        const row = clamp(iy + j - 1, source.height) * source.width * 3;
        const weight = wy[j]!;
        for (let i = 0; i < 4; i++) {
          const at = row + columns[i]!,
            k = weight * wx[i]!;
          r += k * data[at]!;
          g += k * data[at + 1]!;
          b += k * data[at + 2]!;
        }
      }
      out.data[to++] = r < 0 ? 0 : r > 255 ? 255 : Math.round(r);
      out.data[to++] = g < 0 ? 0 : g > 255 ? 255 : Math.round(g);
      out.data[to++] = b < 0 ? 0 : b > 255 ? 255 : Math.round(b);
    }
  }
  return out;
}

/**
 * The line of text in `box`, straightened: as wide as the longer of its upper and lower edges, as high as the
 * longer of its sides, and turned by a quarter counter-clockwise when it is much higher than wide.
 * Undefined when the box encloses nothing.
 */
export function cropLine(picture: Picture, box: Quad): Picture | undefined {
  const side = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const width = Math.trunc(Math.max(side(box[0], box[1]), side(box[2], box[3])));
  const height = Math.trunc(Math.max(side(box[0], box[3]), side(box[1], box[2])));
  if (width < 1 || height < 1) return undefined;
  const toSource = perspective(
    [
      [0, 0],
      [width, 0],
      [width, height],
      [0, height],
    ],
    box,
  );
  if (!toSource) return undefined;
  const line = warp(picture, toSource, width, height);
  return height >= UPRIGHT_RATIO * width ? quarterTurn(line) : line;
}
