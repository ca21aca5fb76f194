/** @file The activations that kernels apply before they store. */

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
