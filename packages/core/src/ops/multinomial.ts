import { CuveeError } from '../errors.js';
import type { Dim } from '../shape/index.js';
import { Literal } from '../tensor/literal.js';
import { numberOf } from '../tensor/nd.js';
import { bool, elementType, int } from './attributes.js';
import { philox } from './generators.js';
import { floating, index, op, port } from './op.js';
import { knownScalar } from './top-k.js';

/**
 * Class indices drawn from each row of probabilities (any positive scale; logarithms with `log_probs`), with or without replacement.
 * The sequence is Philox 4x32-10 under the two seeds; both 0: another one each time.
 * Spec: OpenVINO Multinomial-13.
 */
export const Multinomial = op('Multinomial', {
  attributes: { convert_type: elementType(), with_replacement: bool(), log_probs: bool(), global_seed: int(0), op_seed: int(0) },
  inputs: [port('probs', floating, 2), port('num_samples', index, 'one')],
  outputs: [port('output', index)],
  since: { opset13: {} },

  infer({ probs, num_samples }, { convert_type }, ctx) {
    if (probs.shape && probs.shape.length !== 2) ctx.fail(`the probabilities must have rank 2, they have ${probs.shape.length}`);
    const batch: Dim = probs.shape?.[0] ?? ctx.fresh(0);
    return { type: convert_type, shape: [batch, knownScalar(num_samples) ?? ctx.fresh(1)] };
  },

  evaluate({ probs, num_samples }, { convert_type, with_replacement, log_probs, global_seed, op_seed }) {
    const [rows, classes] = probs.shape as [number, number];
    const count = numberOf(num_samples);
    if (!with_replacement && count > classes)
      throw new CuveeError('ARGUMENT_INVALID', `${count} different samples out of ${classes} classes`);
    const key = global_seed === 0 && op_seed === 0 ? Math.floor(Math.random() * 2 ** 32) : global_seed;
    let n = 0n;
    const uniform = (): number =>
      ((philox(BigInt.asUintN(64, BigInt(key)), n++, BigInt.asUintN(64, BigInt(op_seed)))[0] & 0x7fffff) + 0.5) / 2 ** 23;
    const out: number[] = [];
    for (let r = 0; r < rows; r++) {
      const weights = Array.from({ length: classes }, (_, c) => Number(probs.data[r * classes + c]));
      const left = log_probs ? weights.map(Math.exp) : weights;
      for (let s = 0; s < count; s++) {
        const chosen = draw(left, uniform());
        out.push(chosen);
        if (!with_replacement) left[chosen] = 0;
      }
    }
    return Literal.from(convert_type, [rows, count], out).nd();
  },

  traits: { impure: true },
});

/** The class in whose part of the total the fraction `u` lies. */
function draw(weights: readonly number[], u: number): number {
  const target = u * weights.reduce((a, b) => a + b, 0);
  let sum = 0;
  for (let c = 0; c < weights.length; c++) {
    sum += weights[c] as number;
    if (sum > target) return c;
  }
  return weights.findLastIndex((w) => w > 0);
}
