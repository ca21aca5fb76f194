/** @file Sliding windows: where the first one begins. */
import { shape, type Dim } from '@cuvee/core';

/** Attributes of convolutions and poolings, one number a spatial axis. */
export interface Windows {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads_begin: readonly number[];
  readonly pads_end: readonly number[];
  readonly auto_pad: string;
}

/** Pads before each spatial axis, as sizes: explicit, or derived as `auto_pad` says. `large` is the shape that windows slide over, `small` that of the windows. */
export function windowPads(w: Windows, kernel: readonly Dim[], large: readonly Dim[], small: readonly Dim[]): Dim[] {
  const { strides, dilations, pads_begin } = w;
  if (w.auto_pad === 'explicit') return kernel.map((_, i) => pads_begin[i] ?? 0);
  if (w.auto_pad === 'valid') return kernel.map(() => 0);
  return kernel.map((k, i) => {
    const total = shape.max(
      0,
      shape.sub(
        shape.add(
          shape.mul(shape.sub(small[i + 2] as Dim, 1), strides[i] ?? 1),
          shape.add(shape.mul(shape.sub(k, 1), dilations[i] ?? 1), 1),
        ),
        large[i + 2] as Dim,
      ),
    );
    return w.auto_pad === 'same_upper' ? shape.floorDiv(total, 2) : shape.ceilDiv(total, 2);
  });
}
