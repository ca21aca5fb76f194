/**
 * @file Convolutions of feature pyramids → family `pyramid`: inputs [filters, factors of the result (blocked) or -1, then for each part data (blocked), pointwise filters or -1, factors
 * (blocked) or -1], args [what is added to the result's factors, then for each part shift, what is added to the factors].
 */
import type { Value } from '@cuvee/core';
import type { Lowering, LoweringTable } from '../compile/lowering.js';
import { PyramidConvolution } from '../ops/pyramid.js';

const lowering: Lowering = {
  lower(c) {
    const { shifts, plus, plusOuter } = c.node.attributes as {
      readonly shifts: readonly number[];
      readonly plus: readonly number[];
      readonly plusOuter: number;
    };
    const at = (i: number): Value | undefined => c.node.inputs[i];
    const blocked = (v: Value | undefined): number => (v ? c.tensor(v, 'blocked') : -1);
    const parts = shifts.flatMap((_, p) => {
      const filters = at(3 + 3 * p);
      return [blocked(at(2 + 3 * p)), filters ? c.tensor(filters) : -1, blocked(at(4 + 3 * p))];
    });
    const args = [plusOuter, ...shifts.flatMap((shift, p) => [shift, plus[p] ?? 0])];
    c.emit('pyramid', '', [c.input(0), blocked(at(1)), ...parts], [c.output(0, 'blocked')], args);
  },
};

export const pyramid: LoweringTable = { [PyramidConvolution.name]: lowering };
