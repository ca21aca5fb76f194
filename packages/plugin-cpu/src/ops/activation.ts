/** @file The activations that kernels apply before they store, and the nodes that mean them. */
import type { Literal, Node } from '@cuvee/core';

/** In the order of `Act` in `native/kernels/tensor.h`. */
export const activations = [
  'none',
  'relu',
  'clip',
  'hard_swish',
  'hard_sigmoid',
  'sigmoid',
  'silu',
  'elu',
  'leaky_relu',
  'gelu_erf',
  'gelu_tanh',
  'tanh',
  'softplus',
  'mish',
] as const;
export type Activation = (typeof activations)[number];

/** An activation with its two parameters. */
export interface Activated {
  readonly activation: Activation;
  readonly alpha: number;
  readonly beta: number;
}

const scalarOf = (literal: Literal | undefined): number | undefined => (literal?.size === 1 ? Number(literal.nd().data[0]) : undefined);
const plain = (activation: Activation, alpha = 0, beta = 0): Activated => ({ activation, alpha, beta });

/** What kernels can apply for a node, or undefined. */
export function activationOf(node: Node): Activated | undefined {
  const { attributes: a } = node;
  switch (node.op.name) {
    case 'Relu':
      return plain('relu');
    case 'Clamp':
      return plain('clip', a.min as number, a.max as number);
    case 'HSwish':
      return plain('hard_swish', 1 / 6, 0.5);
    case 'HSigmoid':
      return plain('hard_sigmoid', 1 / 6, 0.5);
    case 'HardSigmoid': {
      const alpha = scalarOf(node.inputs[1]?.fact.value);
      const beta = scalarOf(node.inputs[2]?.fact.value);
      return alpha === undefined || beta === undefined ? undefined : plain('hard_sigmoid', alpha, beta);
    }
    case 'Sigmoid':
      return plain('sigmoid');
    case 'Tanh':
      return plain('tanh');
    case 'Elu':
      return plain('elu', a.alpha as number);
    case 'Gelu':
      return plain(a.approximation_mode === 'TANH' ? 'gelu_tanh' : 'gelu_erf');
    case 'SoftPlus':
      return plain('softplus');
    case 'Mish':
      return plain('mish');
    case 'Swish': {
      const beta = node.inputs.length > 1 ? scalarOf(node.inputs[1]?.fact.value) : 1;
      return beta === undefined ? undefined : plain('silu', beta);
    }
    case 'PRelu': {
      const slope = scalarOf(node.inputs[1]?.fact.value);
      return slope === undefined ? undefined : plain('leaky_relu', slope);
    }
    default:
      return undefined;
  }
}
