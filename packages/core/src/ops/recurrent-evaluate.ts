/** @file Recurrent cells and sequences on whole arrays. */
import { CuveeError } from '../errors.js';
import { numbersOf, zeros, type NdArray } from '../tensor/nd.js';
import { directionsOf, type Cell, type Direction, type RecurrentValues } from './recurrent.js';

/** Rows of W (or R) of one direction times a vector, from row `first` on. */
function product(
  weights: ArrayLike<number>,
  offset: number,
  columns: number,
  first: number,
  rows: number,
  x: ArrayLike<number>,
): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    const at = offset + (first + i) * columns;
    let sum = 0;
    for (let k = 0; k < columns; k++) sum += (weights[at + k] as number) * (x[k] as number);
    return sum;
  });
}

/** One step of one row; `direction` chooses the weights. */
function stepRow(
  cell: Cell,
  v: RecurrentValues,
  x: ArrayLike<number>,
  states: readonly Float64Array[],
  w: NdArray,
  r: NdArray,
  b: NdArray | undefined,
  direction: number,
): readonly Float64Array[] {
  const n = v.hidden_size;
  const size = x.length;
  const input = product(w.data as Float32Array, direction * cell.gates * n * size, size, 0, cell.gates * n, x);
  const sum = Float64Array.from(
    { length: cell.biases * n },
    (_, i) => (input[i] ?? 0) + (b ? Number(b.data[direction * cell.biases * n + i]) : 0),
  );
  const recur = (gate: number, h: Float64Array): Float64Array =>
    product(r.data as Float32Array, direction * cell.gates * n * n, n, gate * n, n, h);
  return cell.step(v, sum, states, recur);
}

/** A cell on whole arrays. */
export function evaluateCell(
  cell: Cell,
  v: RecurrentValues,
  x: NdArray,
  states: readonly NdArray[],
  w: NdArray,
  r: NdArray,
  b: NdArray | undefined,
): NdArray[] {
  const [batch, size] = x.shape as [number, number];
  const n = v.hidden_size;
  const out = states.map((s) => zeros(x.type, [batch, s.shape[1] as number]));
  for (let row = 0; row < batch; row++) {
    const old = states.map((s) => Float64Array.from({ length: n }, (_, i) => Number(s.data[row * n + i])));
    stepRow(cell, v, (x.data as Float32Array).subarray(row * size, (row + 1) * size), old, w, r, b, 0).forEach((s, k) => {
      for (let i = 0; i < n; i++) ((out[k] as NdArray).data as Float32Array)[row * n + i] = s[i] as number;
    });
  }
  return out;
}

/** A sequence on whole arrays: places behind a row's length give 0 and leave its state; the reverse direction starts at a row's last place. */
export function evaluateSequence(
  cell: Cell,
  v: RecurrentValues,
  direction: Direction,
  x: NdArray,
  states: readonly NdArray[],
  lengths: NdArray,
  w: NdArray,
  r: NdArray,
  b: NdArray | undefined,
): NdArray[] {
  const [batch, length, size] = x.shape as [number, number, number];
  const n = v.hidden_size;
  const reversed = directionsOf(direction);
  const count = reversed.length;
  const y = zeros(x.type, [batch, count, length, n]);
  const last = states.map(() => zeros(x.type, [batch, count, n]));
  const each = numbersOf(lengths);
  const wrong = each.find((l) => l < 0 || l > length);
  if (wrong !== undefined) throw new CuveeError('ARGUMENT_INVALID', `a row has ${wrong} of ${length} steps`);
  for (let row = 0; row < batch; row++) {
    const steps = Math.min(length, each[row] as number);
    reversed.forEach((backwards, d) => {
      let now: readonly Float64Array[] = states.map((s) =>
        Float64Array.from({ length: n }, (_, i) => Number(s.data[(row * count + d) * n + i])),
      );
      for (let t = 0; t < steps; t++) {
        const p = backwards ? steps - 1 - t : t;
        const at = (row * length + p) * size;
        now = stepRow(cell, v, (x.data as Float32Array).subarray(at, at + size), now, w, r, b, d);
        (now[0] as Float64Array).forEach((value, i) => {
          (y.data as Float32Array)[((row * count + d) * length + p) * n + i] = value;
        });
      }
      now.forEach((s, k) => {
        s.forEach((value, i) => {
          ((last[k] as NdArray).data as Float32Array)[(row * count + d) * n + i] = value;
        });
      });
    });
  }
  return [y, ...last];
}
