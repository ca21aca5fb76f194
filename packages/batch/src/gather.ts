/** @file Rows of several tensors as one, and back. */
import { storageClass, Tensor, type ElementType } from '@cuvee/core';

type Numbers = Float32Array;

const along = (shape: readonly number[]): number => shape.slice(1).reduce((n, d) => n * d, 1);

/** Copies tensors one after the other along the first dimension into `into`, which takes that shape; what is left of `rows` repeats the last row. */
export function gather(tensors: readonly Tensor[], into: Tensor, rows: number): void {
  const [first] = tensors as readonly [Tensor, ...Tensor[]];
  into.setShape([rows, ...first.shape.slice(1)]);
  const target = into.data as Numbers;
  let at = 0;
  for (const { data } of tensors) {
    target.set(data as Numbers, at);
    at += (data as Numbers).length;
  }
  const size = along(first.shape);
  for (; size > 0 && at < target.length; at += size) target.copyWithin(at, at - size, at);
}

/** Some of a tensor's rows: in the tensor given when type and shape fit, else in a new one. */
export function rowsIn(whole: Tensor, from: number, count: number, given: Tensor | undefined): Tensor {
  const size = along(whole.shape);
  const part = (whole.data as Numbers).subarray(from * size, (from + count) * size);
  const shape = [count, ...whole.shape.slice(1)];
  if (given && given.type === whole.type && given.shape.join() === shape.join()) {
    (given.data as Numbers).set(part);
    return given;
  }
  return new Tensor(whole.type, shape, part.slice());
}

/** Whether rows of such elements can be copied one by one: no texts, nothing narrower than a byte. */
export const hasRows = (type: ElementType, bits: number): boolean => type !== 'string' && bits >= 8 && storageClass(type) !== undefined;
