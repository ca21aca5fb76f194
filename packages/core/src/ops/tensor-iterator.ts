import { CuveeError } from '../errors.js';
import type { Dim } from '../shape/index.js';
import { body, ports } from './attributes.js';
import { inferIteration, iterate, partCount, slicedTrips, unrolled } from './iteration.js';
import { any, many, op } from './op.js';

/**
 * Runs a body once for every part of its sliced inputs. Port maps as in Loop, without trip count and condition; a negative stride walks
 * from the end, and collects so.
 * Spec: OpenVINO TensorIterator-1.
 */
export const TensorIterator = op('TensorIterator', {
  attributes: { body: body(), inputs: ports(), outputs: ports() },
  inputs: [many('inputs', any)],
  outputs: [many('outputs', any)],

  infer: ({ inputs }, it, ctx) => inferIteration(ctx, it, inputs, () => slicedTrips(it, inputs)),

  evaluate({ inputs }, it, ctx) {
    const counts = it.inputs.flatMap((row) =>
      row.axis === undefined || row.backEdge !== undefined
        ? []
        : [partCount(row, inputs[row.external]?.shape.at(row.axis) as Dim) as number],
    );
    if (counts.length === 0) throw new CuveeError('MODEL_INVALID', 'no input is sliced, so the number of turns is unknown');
    return iterate(ctx, it, inputs, Math.min(...counts), true);
  },

  /** A known number of turns one after the other, for devices that cannot repeat. */
  decompose(g, { inputs }, it) {
    const trips = slicedTrips(
      it,
      inputs.map((v) => v.fact),
    );
    return typeof trips === 'number' ? unrolled(g, it, inputs, trips) : undefined;
  },

  traits: { control: true },
});
