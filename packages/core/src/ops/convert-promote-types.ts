import { bitsOf, isFloat, isSigned, type ElementType } from '../tensor/element.js';
import { bool, elementType } from './attributes.js';
import { convert } from './convert.js';
import { numericOrBoolean, op, port } from './op.js';

interface Rules {
  readonly promote_unsafe: boolean;
  readonly pytorch_scalar_promotion: boolean;
  readonly u64_integer_promotion_target: ElementType;
}

/**
 * Both inputs in the type that they have in common. Boolean gives way to numbers, integers to floats, the narrower to the wider;
 * signed and unsigned meet in a signed type that holds both, u64 and a signed type in `u64_integer_promotion_target`.
 *
 * With `pytorch_scalar_promotion` a scalar decides only if its kind (boolean, integer, float) is above the tensor's.
 * Unless `promote_unsafe`, a promotion that leaves the kind or needs a third type is refused.
 * Spec: OpenVINO ConvertPromoteTypes-14.
 */
export const ConvertPromoteTypes = op('ConvertPromoteTypes', {
  attributes: { promote_unsafe: bool(false), pytorch_scalar_promotion: bool(false), u64_integer_promotion_target: elementType('f32') },
  inputs: [port('a', numericOrBoolean), port('b', numericOrBoolean)],
  outputs: [port('a', numericOrBoolean), port('b', numericOrBoolean)],
  since: { opset14: {} },

  infer({ a, b }, rules, ctx) {
    const byRank = rules.pytorch_scalar_promotion && a.type !== b.type;
    if (a.type === 'dynamic' || b.type === 'dynamic' || (byRank && !(a.shape && b.shape)))
      return [
        { type: 'dynamic', shape: a.shape },
        { type: 'dynamic', shape: b.shape },
      ];
    const type = common(a.type, b.type, a.shape?.length, b.shape?.length, rules);
    const safe =
      [a, b].every((f) => f.type === type || f.type === 'boolean' || isFloat(f.type) === isFloat(type)) &&
      (type === a.type || type === b.type);
    if (!safe && !rules.promote_unsafe) return ctx.typeMismatch(`${a.type} and ${b.type} meet in ${type} only when promote_unsafe is set`);
    return [a, b].map(({ shape }) => ({ type, shape }));
  },

  evaluate({ a, b }, rules) {
    const type = common(a.type, b.type, a.shape.length, b.shape.length, rules);
    return [convert(a, type), convert(b, type)];
  },

  decompose(g, { a, b }, rules) {
    if (a.fact.type === 'dynamic' || b.fact.type === 'dynamic' || !a.fact.shape || !b.fact.shape) return undefined;
    const destination_type = common(a.fact.type, b.fact.type, a.fact.shape.length, b.fact.shape.length, rules);
    return [g.convert(a, { destination_type }), g.convert(b, { destination_type })];
  },
});

const kind = (type: ElementType): number => (type === 'boolean' ? 0 : isFloat(type) ? 2 : 1);

function common(a: ElementType, b: ElementType, rankA: number | undefined, rankB: number | undefined, rules: Rules): ElementType {
  if (a === b) return a;
  if (rules.pytorch_scalar_promotion && (rankA === 0) !== (rankB === 0)) {
    const [tensor, scalar] = rankA === 0 ? [b, a] : [a, b];
    return kind(scalar) > kind(tensor) ? scalar : tensor;
  }
  if (kind(a) !== kind(b)) return kind(a) > kind(b) ? a : b;
  if (isFloat(a)) return bitsOf(a) === bitsOf(b) ? (bitsOf(a) <= 8 ? 'f16' : 'f32') : bitsOf(a) > bitsOf(b) ? a : b;
  if (isSigned(a) === isSigned(b)) return bitsOf(a) > bitsOf(b) ? a : b;
  const [unsigned, signed] = isSigned(a) ? [b, a] : [a, b];
  if (bitsOf(unsigned) < bitsOf(signed)) return signed;
  if (unsigned === 'u64') return rules.u64_integer_promotion_target;
  return bitsOf(unsigned) < 8 ? 'i8' : (`i${2 * bitsOf(unsigned)}` as ElementType);
}
