/** Functions that other operators name in an attribute. */
import type { Builder, Value } from '@cuvee/core';
import { like } from './build.js';

/** A function of one tensor with the values that its constants have unless they are given. */
export interface NamedActivation {
  readonly constants: readonly number[];
  readonly apply: (g: Builder, x: Value, alpha: number, beta: number) => Value;
}

/** Functions by their names in small letters, with up to two constants. */
const functions: Readonly<Record<string, NamedActivation>> = {
  relu: { constants: [], apply: (g, x) => g.relu(x) },
  tanh: { constants: [], apply: (g, x) => g.tanh(x) },
  sigmoid: { constants: [], apply: (g, x) => g.sigmoid(x) },
  softsign: { constants: [], apply: (g, x) => g.softSign(x) },
  softplus: { constants: [], apply: (g, x) => g.softPlus(x) },
  affine: { constants: [1, 0], apply: (g, x, alpha, beta) => g.add(g.multiply(x, like(g, x, alpha)), like(g, x, beta)) },
  leakyrelu: { constants: [0.01], apply: (g, x, alpha) => g.pRelu(x, like(g, x, alpha)) },
  thresholdedrelu: { constants: [1], apply: (g, x, alpha) => g.select(g.greater(x, like(g, x, alpha)), x, like(g, x, 0)) },
  scaledtanh: { constants: [1, 1], apply: (g, x, alpha, beta) => g.multiply(g.tanh(g.multiply(x, like(g, x, beta))), like(g, x, alpha)) },
  hardsigmoid: { constants: [0.2, 0.5], apply: (g, x, alpha, beta) => g.hardSigmoid(x, like(g, x, alpha), like(g, x, beta)) },
  elu: { constants: [1], apply: (g, x, alpha) => g.elu(x, { alpha }) },
};

/** The function of a name, whatever the case of its letters; undefined for a name that is none. */
export const activationNamed = (name: string): NamedActivation | undefined => {
  const key = name.toLowerCase();
  return Object.hasOwn(functions, key) ? functions[key] : undefined;
};
