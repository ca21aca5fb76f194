/** Element by element: arithmetic, powers, trigonometry, rounding. */
import { isFloat, isInteger, type Value } from '@cuvee/core';
import { allInputs, broadcastOperand, folded, like } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

const binary =
  (apply: (node: OnnxNode<2>, a: Value, b: Value) => Value): OnnxOp<2> =>
  (node) =>
    apply(node, node.inputs[0], broadcastOperand(node, node.inputs[0], node.inputs[1]));

export const Add = binary(({ g }, a, b) => g.add(a, b));
export const Sub = binary(({ g }, a, b) => g.subtract(a, b));
export const Mul = binary(({ g }, a, b) => g.multiply(a, b));

/** Integers round towards zero. */
export const Div = binary(({ g }, a, b) => g.divide(a, b, { m_pythondiv: false }));

/** Without `fmod` the result has the divisor's sign, with it the dividend's. */
export const Mod = binary(({ g, attr }, a, b) => (attr.bool('fmod') ? g.mod(a, b) : g.floorMod(a, b)));

/** Pow-12 allows an exponent of another type; the result has the base's. */
export const Pow = binary(({ g }, base, exponent) => {
  if (base.fact.type === exponent.fact.type || exponent.fact.type === 'dynamic') return g.power(base, exponent);
  if (isInteger(base.fact.type) && isFloat(exponent.fact.type))
    return g.cast(g.power(g.cast(base, 'f32'), g.cast(exponent, 'f32')), base.fact.type);
  return g.power(base, g.cast(exponent, base.fact.type));
});

export const Sum: OnnxOp = (node) => folded(allInputs(node), (a, b) => node.g.add(a, b));
export const Mean: OnnxOp = (node) => {
  const { g } = node,
    inputs = allInputs(node);
  const sum = folded(inputs, (a, b) => g.add(a, b));
  return g.divide(sum, like(g, sum, inputs.length));
};

export const Neg: OnnxOp = ({ g, inputs: [x] }) => g.negative(x);
export const Abs: OnnxOp = ({ g, inputs: [x] }) => g.abs(x);
export const Sign: OnnxOp = ({ g, inputs: [x] }) => g.sign(x);
export const Ceil: OnnxOp = ({ g, inputs: [x] }) => g.ceiling(x);
export const Floor: OnnxOp = ({ g, inputs: [x] }) => g.floor(x);
export const Round: OnnxOp = ({ g, inputs: [x] }) => g.round(x, { mode: 'half_to_even' });
export const Sqrt: OnnxOp = ({ g, inputs: [x] }) => g.sqrt(x);
export const Reciprocal: OnnxOp = ({ g, inputs: [x] }) => g.divide(like(g, x, 1), x);
export const Exp: OnnxOp = ({ g, inputs: [x] }) => g.exp(x);
export const Log: OnnxOp = ({ g, inputs: [x] }) => g.log(x);
export const Erf: OnnxOp = ({ g, inputs: [x] }) => g.erf(x);
export const Sin: OnnxOp = ({ g, inputs: [x] }) => g.sin(x);
export const Cos: OnnxOp = ({ g, inputs: [x] }) => g.cos(x);
export const Tan: OnnxOp = ({ g, inputs: [x] }) => g.tan(x);
export const Asin: OnnxOp = ({ g, inputs: [x] }) => g.asin(x);
export const Acos: OnnxOp = ({ g, inputs: [x] }) => g.acos(x);
export const Atan: OnnxOp = ({ g, inputs: [x] }) => g.atan(x);
export const Sinh: OnnxOp = ({ g, inputs: [x] }) => g.sinh(x);
export const Cosh: OnnxOp = ({ g, inputs: [x] }) => g.cosh(x);
export const Asinh: OnnxOp = ({ g, inputs: [x] }) => g.asinh(x);
export const Acosh: OnnxOp = ({ g, inputs: [x] }) => g.acosh(x);
export const Atanh: OnnxOp = ({ g, inputs: [x] }) => g.atanh(x);
