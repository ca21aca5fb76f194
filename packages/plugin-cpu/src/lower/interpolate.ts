/**
 * @file Interpolate → family `resize`.
 *
 * args [mode, coordinates, nearest rule, antialias, cubic coefficient, whether sizes come as data], then for each axis of the data:
 * zeros before and after, 0 or one more than its place among the resized axes, and its scale (0: output over input).
 * Where neither sizes nor scales are known the second input is read as data; action says which of the two it is.
 */
import { normalizeAxis, numbersOf, type Node } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import { knownElements, type Lowering, type LoweringTable } from '../compile/lowering.js';
import { computeType } from '../ops/elementwise.js';
import { names } from '../ops/names.js';

const modes = ['nearest', 'linear', 'linear_onnx', 'cubic', 'bilinear_pillow', 'bicubic_pillow'];
const coordinates = ['half_pixel', 'pytorch_half_pixel', 'asymmetric', 'tf_half_pixel_for_nn', 'align_corners'];
const nearests = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil', 'simple'];

interface Interpolation {
  readonly mode: string;
  readonly shape_calculation_mode: 'sizes' | 'scales';
  readonly coordinate_transformation_mode: string;
  readonly nearest_mode: string;
  readonly antialias: boolean;
  readonly pads_begin: readonly number[];
  readonly pads_end: readonly number[];
  readonly cube_coeff: number;
}

/** Resized axes in the order of the sizes; undefined when they are not constant. */
function axesOf(node: Node): number[] | undefined {
  const rank = node.input(0).fact.shape?.length ?? 0;
  if (!node.inputs[2]) return Array.from({ length: rank }, (_, i) => i);
  const literal = node.inputs[2].fact.value;
  return literal && numbersOf(literal.nd()).map((a) => normalizeAxis(a, rank));
}

const lowering: Lowering = {
  opens: true,
  refuse(node) {
    if (!axesOf(node)) return 'axes that are not constant';
    return computeType(node.output.fact.type) ? undefined : `element type ${node.output.fact.type}`;
  },
  lower(c) {
    const { node } = c;
    const how = node.attributes as unknown as Interpolation;
    const axes = axesOf(node) as number[];
    const bySizes = how.shape_calculation_mode === 'sizes';
    const literal = bySizes ? undefined : c.constant(1);
    const scales = literal && numbersOf(literal.nd());
    const pad = (list: readonly number[], i: number): number => list[i] ?? 0;
    const spatial = axes.every((a) => a >= 2) && [0, 1].every((i) => pad(how.pads_begin, i) === 0 && pad(how.pads_end, i) === 0);
    const dims = node.output.fact.shape ?? [];
    const blocked =
      spatial &&
      dims.length === 4 &&
      node.output.fact.type === 'f32' &&
      c.layout(0) === 'blocked' &&
      (scales !== undefined || (bySizes && knownElements(c.fact(1)) !== undefined));
    const data = c.input(0, blocked ? 'blocked' : 'plain');
    const out = c.output(0, blocked ? 'blocked' : 'plain');
    const unknown = c.draft.tensors[out]?.storage.kind === 'dynamic';
    const perAxis = dims.flatMap((_, i): DraftArg[] => {
      const at = axes.indexOf(i);
      return [pad(how.pads_begin, i), pad(how.pads_end, i), at + 1, { float: scales && at >= 0 ? (scales[at] as number) : 0 }];
    });
    c.emit(
      'resize',
      unknown ? how.shape_calculation_mode : '',
      unknown ? [data, c.input(1)] : [data],
      [out],
      [
        modes.indexOf(how.mode),
        coordinates.indexOf(how.coordinate_transformation_mode),
        nearests.indexOf(how.nearest_mode),
        how.antialias ? 1 : 0,
        { float: how.cube_coeff },
        unknown ? 1 : 0,
        ...perAxis,
      ],
    );
  },
};

export const interpolate: LoweringTable = { [names.interpolation]: lowering };
