/** @file Shapes of recurrent cells and sequences. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { Dim, Shape } from '../shape/index.js';
import { sameType } from './elementwise.js';
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
  sameType(ctx, x, w, r, ...states, ...(b ? [b] : []));
  const { batch } = ctx.match(
    ['X', x, 'batch inputs'],
    ...states.map((s) => ['a state', s, `batch ${n}`] as const),
    ['W', w, `${cell.gates * n} inputs`],
    ['R', r, `${cell.gates * n} ${n}`],
    ['B', b, `${cell.biases * n}`],
  );
  return [batch ?? ctx.fresh(0), n];
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
  r: Fact,
  b: Fact | undefined,
): readonly [Shape, Shape] {
  const n = v.hidden_size;
  const directions = directionsOf(direction).length;
  sameType(ctx, x, w, r, ...states, ...(b ? [b] : []));
  const sizes = ctx.match(
    ['X', x, 'batch steps inputs'],
    ...states.map((s) => ['a state', s, `batch ${directions} ${n}`] as const),
    ['the lengths', lengths, 'batch'],
    ['W', w, `${directions} ${cell.gates * n} inputs`],
    ['R', r, `${directions} ${cell.gates * n} ${n}`],
    ['B', b, `${directions} ${cell.biases * n}`],
  );
  const batch = sizes.batch ?? ctx.fresh(0);
  const length = x.shape ? (x.shape[1] as Dim) : ctx.fresh(2);
  return [
    [batch, directions, length, n],
    [batch, directions, n],
  ];
}
