/** @file Shapes of recurrent cells and sequences. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { mul, type Dim, type Shape } from '../shape/index.js';
import { directionsOf, type Cell, type Direction, type RecurrentValues } from './recurrent.js';

/** Shape [batch, hidden] of a cell's outputs; checks the inputs that are known. */
export function inferCell(
  ctx: Infer,
  cell: Cell,
  v: RecurrentValues,
  x: Fact,
  states: readonly Fact[],
  w: Fact,
  r: Fact,
  b: Fact | undefined,
): Shape {
  const n = v.hidden_size;
  for (const [what, f] of [['X', x], ['W', w], ['R', r], ...states.map((s) => ['a state', s] as const)] as const) ctx.axes(what, f, 2);
  if (b) ctx.axes('B', b, 1);
  const known = [x, ...states].find((f) => f.shape)?.shape;
  let batch: Dim = known ? (known[0] as Dim) : ctx.fresh(0);
  for (const f of [x, ...states]) if (f.shape) batch = ctx.requireEqual('the batch', batch, f.shape[0] as Dim);
  for (const f of states) if (f.shape) ctx.requireEqual('the hidden size of a state', f.shape[1] as Dim, n);
  if (x.shape && w.shape) ctx.requireEqual('the size of X and that of W', x.shape[1] as Dim, w.shape[1] as Dim);
  if (w.shape) ctx.requireEqual('the rows of W', w.shape[0] as Dim, mul(cell.gates, n));
  if (r.shape) ctx.requireEqual('the rows of R', r.shape[0] as Dim, mul(cell.gates, n));
  if (b?.shape) ctx.requireEqual('the bias', b.shape[0] as Dim, mul(cell.biases, n));
  return [batch, n];
}

/** Shapes of Y [batch, directions, length, hidden] and of the last states [batch, directions, hidden]. */
export function inferSequence(
  ctx: Infer,
  cell: Cell,
  v: RecurrentValues,
  direction: Direction,
  x: Fact,
  states: readonly Fact[],
  lengths: Fact,
  w: Fact,
): readonly [Shape, Shape] {
  const n = v.hidden_size;
  const directions = directionsOf(direction).length;
  for (const [what, f] of [['X', x], ['W', w], ...states.map((s) => ['a state', s] as const)] as const) ctx.axes(what, f, 3);
  ctx.axes('the lengths', lengths, 1);
  const rows = [x, ...states, lengths].flatMap((f) => (f.shape?.[0] === undefined ? [] : [f.shape[0]]));
  const batch = rows.length === 0 ? ctx.fresh(0) : rows.reduce((a, b) => ctx.requireEqual('the batch', a, b));
  for (const f of states) if (f.shape) ctx.requireEqual('the directions of a state', f.shape[1] as Dim, directions);
  if (w.shape) ctx.requireEqual('the directions of W', w.shape[0] as Dim, directions);
  if (w.shape) ctx.requireEqual('the rows of W', w.shape[1] as Dim, mul(cell.gates, n));
  if (w.shape && x.shape) ctx.requireEqual('the size of X and that of W', x.shape[2] as Dim, w.shape[2] as Dim);
  const length = x.shape ? (x.shape[1] as Dim) : ctx.fresh(2);
  return [
    [batch, directions, length, n],
    [batch, directions, n],
  ];
}
