/** @file What the adaptive poolings share: windows that cover an axis in a given number of parts. */
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { Dim, Shape } from '../shape/index.js';

/** [N, C, sizes…] with the sizes of the second input; all data axes but two without it. */
export function adaptiveShape(ctx: Infer, data: Shape, sizes: Fact): Shape {
  if (!data) return undefined;
  if (data.length < 3) return ctx.fail('data must have a spatial axis');
  const known = ctx.sizes('output_shape', sizes, data.length - 2) ?? data.slice(2).map((_, i) => ctx.fresh(i + 2));
  return [data[0] as Dim, data[1] as Dim, ...known];
}

/** Flat offsets within a plane of each window: along an axis window i covers floor(i·n/parts) up to ceil((i+1)·n/parts). */
export function adaptiveWindows(spatial: readonly number[], parts: readonly number[]): number[][] {
  let windows: number[][] = [[0]];
  spatial.forEach((n, axis) => {
    const count = parts[axis] as number;
    windows = windows.flatMap((bases) =>
      Array.from({ length: count }, (_, i) => {
        const [from, to] = [Math.floor((i * n) / count), Math.ceil(((i + 1) * n) / count)];
        return bases.flatMap((base) => Array.from({ length: to - from }, (_x, k) => base * n + from + k));
      }),
    );
  });
  return windows;
}
