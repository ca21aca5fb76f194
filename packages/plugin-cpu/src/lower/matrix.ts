/**
 * @file Matrix products → family `gemm`.
 *
 * Inputs [a, b, bias, weightScale, postScale, postShift, residual]; batch dimensions broadcast; 1-D operands arrive as matrices.
 * action: element type of the sums; args [transpose a, transpose b, activation, alpha, beta, residual after].
 * Inverses → family `inverse`, args [whether of the transposes].
 */
import type { Dim, Value } from '@cuvee/core';
import type { Lowering, LoweringContext, LoweringTable } from '../compile/lowering.js';
import { computeType } from '../ops/elementwise.js';
import { asFused, products, type Fused } from '../ops/fused.js';
import type { TensorId } from '../plan/plan.js';
import { epilogueArgs, epilogueInputs } from './epilogue.js';

/** A vector as a matrix of one row (left operand) or one column (right). */
function operand(c: LoweringContext, value: Value, side: 'left' | 'right'): TensorId {
  const id = c.tensor(value);
  const dims = value.fact.shape as readonly Dim[];
  if (dims.length !== 1) return id;
  return c.viewAs(id, side === 'left' ? [1, dims[0] as Dim] : [dims[0] as Dim, 1]);
}

const lowering: Lowering = {
  refuse: (node) => (computeType(node.output.fact.type) ? undefined : `element type ${node.output.fact.type}`),
  lower(c) {
    const f = asFused(c.node) as Fused;
    const { transpose_a, transpose_b } = f.node.attributes as { transpose_a: boolean; transpose_b: boolean };
    const [a, b] = f.inputs as [Value, Value];
    const left = a.fact.shape?.length === 1;
    const right = b.fact.shape?.length === 1;
    const out = c.output();
    const dims = c.node.output.fact.shape as readonly Dim[];
    // The axes that a vector operand lacks come back as ones.
    const full = left && right ? [1, 1] : left ? [...dims.slice(0, -1), 1, dims[dims.length - 1] as Dim] : right ? [...dims, 1] : dims;
    const to = full === dims ? out : c.viewAs(out, full);
    // Half-width floats are multiplied in f32 between conversions.
    const { type } = c.node.output.fact;
    const half = type === 'f16' || type === 'bf16';
    const sums = half ? c.temporary('f32', full) : to;
    const inputs = [operand(c, a, 'left'), operand(c, b, 'right'), ...epilogueInputs(c, f, 'plain')].map((t) =>
      t === -1 ? t : c.widened(t),
    );
    c.emit(
      'gemm',
      computeType(type) as string,
      inputs,
      [sums],
      [transpose_a && !left ? 1 : 0, transpose_b && !right ? 1 : 0, ...epilogueArgs(f)],
    );
    if (half) c.emit('convert', '', [sums], [to]);
  },
};

const inverse: Lowering = {
  refuse: (node) => (computeType(node.output.fact.type) ? undefined : `element type ${node.output.fact.type}`),
  lower: (c) => c.emit('inverse', '', [c.input(0)], [c.output()], [c.node.attributes.adjoint ? 1 : 0]),
};

export const matrix: LoweringTable = {
  ...Object.fromEntries(products.map((name) => [name, lowering])),
  Inverse: inverse,
};
