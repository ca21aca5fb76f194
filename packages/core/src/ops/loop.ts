import type { Fact } from '../ir/fact.js';
import { elementsOf } from '../ir/infer.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { bounds, min, type Dim } from '../shape/index.js';
import { numberOf } from '../tensor/nd.js';
import { body, ports } from './attributes.js';
import { inferIteration, iterate, partCount, slicedTrips, unrolled, type Iteration } from './iteration.js';
import { any, index, many, numericOrBoolean, op, port } from './op.js';
import { knownScalar } from './top-k.js';

/**
 * Runs a body while its condition holds, `trip_count` times at most (any negative number: without end).
 *
 * The rows of the port maps count outer inputs with trip count and condition as 0 and 1. An input row with `axis` gives the body one part
 * per turn, one with `backEdge` the body's own result of the turn before, others the same value in every turn; `current_iteration` counts
 * from 0. An output row with `axis` joins the results of all turns, others take the last turn's. Without any turn a carried output is its
 * initial value.
 * Spec: OpenVINO Loop-5.
 */
export const Loop = op('Loop', {
  attributes: { body: body(), inputs: ports(), outputs: ports() },
  inputs: [port('trip_count', index), port('execution_condition', numericOrBoolean), many('inputs', any)],
  outputs: [many('outputs', any)],
  since: { opset5: {} },

  infer({ trip_count, execution_condition, inputs }, it, ctx) {
    const facts = [trip_count, execution_condition, ...inputs];
    return inferIteration(ctx, it, facts, () => knownTrips(it, facts));
  },

  evaluate({ trip_count, execution_condition, inputs }, it, ctx) {
    const all = [trip_count, execution_condition, ...inputs];
    const limit = numberOf(trip_count);
    const parts = it.inputs.flatMap((row) =>
      row.axis === undefined || row.backEdge !== undefined ? [] : [partCount(row, all[row.external]?.shape.at(row.axis) as Dim) as number],
    );
    return iterate(ctx, it, all, Math.min(limit < 0 ? Number.POSITIVE_INFINITY : limit, ...parts), numberOf(execution_condition) !== 0);
  },

  /** A known number of turns one after the other, for devices that cannot repeat. */
  decompose(g, { trip_count, execution_condition, inputs }, it) {
    const all = [trip_count, execution_condition, ...inputs];
    const trips = knownTrips(
      it,
      all.map((v) => v.fact),
    );
    return typeof trips === 'number' ? unrolled(g, it, all, trips) : undefined;
  },

  traits: { control: true },
});

/** The number of turns as far as it is known before the run; the body has been inferred. */
function knownTrips(it: Iteration, facts: readonly Fact[]): Dim | undefined {
  const [count, condition] = facts as readonly [Fact, Fact];
  const starts = elementsOf(condition)?.[0];
  if (starts === 0) return 0;
  if (starts !== 1 || !alwaysGoes(it.body, it.outputs.find((r) => r.purpose === 'execution_condition')?.internal)) return undefined;
  const limit = knownScalar(count);
  if (limit === undefined) return undefined;
  const parts = slicedTrips(it, facts);
  const [low, high] = bounds(limit);
  if (high < 0) return parts;
  if (low < 0) return undefined;
  return parts === undefined ? limit : min(limit, parts);
}

/** Whether a body's condition is the constant true, or absent. */
function alwaysGoes(model: Model, internal: number | undefined): boolean {
  if (internal === undefined) return true;
  const { fact } = (model.results[internal] as Node).output;
  return fact.value !== undefined && Number(fact.value.nd().data[0]) !== 0;
}
