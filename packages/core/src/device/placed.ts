/** @file Where a device's results go. */
import type { Tensor } from '../tensor/tensor.js';

/** The result, copied into the tensor that the caller gave for it when type and shape fit. */
export function placed(result: Tensor, given: Tensor | undefined): Tensor {
  if (!given || given === result || given.type !== result.type || given.shape.join() !== result.shape.join()) return result;
  given.data = result.data;
  return given;
}
