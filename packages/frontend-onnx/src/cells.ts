/** One step of the recurrent layers of ONNX. */
import type { Builder, Value } from '@cuvee/core';
import { like, sliced, timesRows } from './build.js';
import type { Activation, Cell } from './recurrence.js';

/** A cell's sizes and functions: hidden units, one function for each kind of gate, what limits their sums, and how states are read. */
export interface CellParts {
  readonly hidden: number;
  readonly f: readonly Activation[];
  readonly limited: (g: Builder, x: Value) => Value;
  /** a state as the weights get to see it */
  readonly read: (g: Builder, state: Value) => Value;
}

/** Gates `from` to `to` of some axis. */
const gatesOf = (g: Builder, x: Value, axis: number, hidden: number, from: number, to: number): Value =>
  sliced(g, x, axis, from * hidden, to * hidden);

/** H' = f(x + H Rᵀ) */
export const plainCell =
  ({ f, limited, read }: CellParts): Cell =>
  (g, x, [h], [R]) => [(f[0] as Activation)(g, limited(g, g.add(x, timesRows(g, read(g, h as Value), R as Value))))];

/**
 * Gates z, r, h; weights R and perhaps its bias. With `linear` (`linear_before_reset`) the reset gate scales the product and its bias
 * instead of the state.
 */
export const gatedCell =
  ({ hidden, f, limited, read }: CellParts, linear: boolean): Cell =>
  (g, x, states, [weights, bias]) => {
    const [inner, outer] = f as readonly [Activation, Activation];
    const [h, R] = [states[0] as Value, weights as Value];
    /** h Rᵀ + bias for some of the gates */
    const sums = (state: Value, from: number, to: number): Value => {
      const product = timesRows(g, read(g, state), gatesOf(g, R, 0, hidden, from, to));
      return bias ? g.add(product, gatesOf(g, bias, 0, hidden, from, to)) : product;
    };
    const gates = inner(g, limited(g, g.add(gatesOf(g, x, 1, hidden, 0, 2), sums(h, 0, 2))));
    const [z, reset] = [gatesOf(g, gates, 1, hidden, 0, 1), gatesOf(g, gates, 1, hidden, 1, 2)];
    const own = linear ? g.multiply(reset, sums(h, 2, 3)) : sums(g.multiply(reset, h), 2, 3);
    const candidate = outer(g, limited(g, g.add(gatesOf(g, x, 1, hidden, 2, 3), own)));
    return [g.add(g.multiply(g.subtract(like(g, z, 1), z), candidate), g.multiply(z, h))];
  };

/** Gates i, o, f, c; weights R and perhaps peepholes from the memory to i, o and f. With `tied` (`input_forget`) f is 1 - i. */
export const memoryCell =
  ({ hidden, f, limited, read }: CellParts, tied: boolean): Cell =>
  (g, x, [state, memory], [R, peep]) => {
    const [gate, inner, outer] = f as readonly [Activation, Activation, Activation];
    const sums = g.add(x, timesRows(g, read(g, state as Value), R as Value));
    const part = (i: number): Value => gatesOf(g, sums, 1, hidden, i, i + 1);
    /** gate `i`, which sees a memory through its peephole, if there are any */
    const opened = (i: number, c: Value): Value => {
      const seen = peep ? g.add(part(i), g.multiply(gatesOf(g, peep, 0, hidden, i, i + 1), c)) : part(i);
      return gate(g, limited(g, seen));
    };
    const c = memory as Value;
    const i = opened(0, c);
    const forget = tied ? g.subtract(like(g, i, 1), i) : opened(2, c);
    const next = g.add(g.multiply(forget, c), g.multiply(i, inner(g, limited(g, part(3)))));
    return [g.multiply(opened(1, next), outer(g, next)), next];
  };
