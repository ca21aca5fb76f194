import type { Builder } from '../opset/builder.js';
import type { Value } from '../ir/node.js';
import { unary } from './elementwise.js';
import { floating } from './op.js';
import { erfInv } from './special.js';

/** Giles (2010), "Approximating the erfinv function": in w - 2.5 for w < 5, and in √w - 3 beyond, where w = -ln(1 - x²). */
const middle = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
];
const tail = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
];

/** Exact to a few units in the last place of f32. */
function estimate(g: Builder, x: Value): Value {
  const c = (n: number): Value => g.scalar(n, x);
  const polynomial = (coefficients: readonly number[], w: Value): Value =>
    coefficients.slice(1).reduce((sum, k) => g.add(g.multiply(sum, w), c(k)), c(coefficients[0] as number));
  const w = g.negative(g.log(g.multiply(g.subtract(c(1), x), g.add(c(1), x))));
  const near = polynomial(middle, g.subtract(w, c(2.5)));
  const far = polynomial(tail, g.subtract(g.sqrt(w), c(3)));
  const y = g.multiply(g.select(g.less(w, c(5)), near, far), x);
  return g.select(g.equal(g.abs(x), c(1)), g.multiply(x, c(Number.POSITIVE_INFINITY)), y);
}

/** One step of Newton's method. */
function refined(g: Builder, x: Value, y: Value): Value {
  const slope = g.multiply(g.exp(g.negative(g.multiply(y, y))), g.scalar(2 / Math.sqrt(Math.PI), y));
  const better = g.subtract(y, g.divide(g.subtract(g.erf(y), x), slope));
  return g.select(g.less(g.abs(x), g.scalar(1, x)), better, y);
}

/** The inverse of the error function; ±inf at ±1, NaN beyond. Spec: OpenVINO ErfInv-17. */
export const ErfInv = unary(
  'ErfInv',
  { number: erfInv },
  {
    types: floating,
    since: 17,
    decompose(g, x) {
      const { type } = x.fact;
      if (type === 'f64') return refined(g, x, refined(g, x, estimate(g, x)));
      return type === 'f32'
        ? estimate(g, x)
        : g.convert(estimate(g, g.convert(x, { destination_type: 'f32' })), { destination_type: type });
    },
  },
);
