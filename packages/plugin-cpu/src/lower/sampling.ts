/** @file Operations that read at computed places or through windows as they are: see native/kernels/{deform,patches,sampling,ctc}. */
import { bitsOf, type Dim } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import type { Lowering, LoweringTable } from '../compile/lowering.js';
import { computed } from './detection.js';
import { windowPads, type Windows } from './windows.js';

type Attributes = Readonly<Record<string, unknown>>;

const list = (x: unknown): readonly number[] => x as readonly number[];
const flag = (x: unknown): number => (x === true ? 1 : 0);

/** The kernel computes in f32 and f64; narrower floats are converted around it. */
const deforming: Lowering = {
  refuse: computed,
  lower(c) {
    const a = c.node.attributes;
    const [, , ...kernel] = c.fact(2).shape as readonly Dim[];
    const pads = windowPads(a as unknown as Windows, kernel, c.fact(0).shape ?? [], c.node.output.fact.shape ?? []);
    const args: DraftArg[] = [
      a.group as number,
      a.deformable_group as number,
      flag(a.bilinear_interpolation_pad),
      ...[0, 1].map((i) => list(a.strides)[i] ?? 1),
      ...[0, 1].map((i) => list(a.dilations)[i] ?? 1),
      ...pads,
    ];
    const { type, shape } = c.node.output.fact;
    const narrow = type !== 'f32' && type !== 'f64';
    const out = c.output();
    const sums = narrow ? c.temporary('f32', shape ?? []) : out;
    const inputs = c.inputs().map((t) => (t < 0 ? t : c.widened(t)));
    c.emit('deform_conv', '', inputs, [sums], args);
    if (narrow) c.emit('convert', '', [sums], [out]);
  },
};

const extracting: Lowering = {
  refuse: (node) => (bitsOf(node.output.fact.type) < 8 ? `element type ${node.output.fact.type}` : undefined),
  lower(c) {
    const { sizes, strides, rates, auto_pad } = c.node.attributes as unknown as Record<'sizes' | 'strides' | 'rates', number[]> & {
      auto_pad: string;
    };
    const windows: Windows = { strides, dilations: rates, pads_begin: [], pads_end: [], auto_pad };
    const pads = windowPads(windows, sizes, c.fact(0).shape ?? [], c.node.output.fact.shape ?? []);
    c.emit('patches', '', [c.input(0)], [c.output()], [...sizes, ...strides, ...rates, ...pads]);
  },
};

const joining: Lowering = {
  refuse: computed,
  opens: true,
  lower(c) {
    const a = c.node.attributes;
    const rank = c.fact(0).shape?.length ?? 0;
    const axes = (c.node.output.fact.shape?.length ?? 0) - (rank - 1);
    const each = (name: string, otherwise: number): number[] => Array.from({ length: axes }, (_, i) => list(a[name])[i] ?? otherwise);
    c.emit(
      'from_patches',
      '',
      c.inputs(),
      [c.output()],
      [rank === 3 ? 1 : 0, axes, ...each('strides', 1), ...each('dilations', 1), ...each('pads_begin', 0), ...each('pads_end', 0)],
    );
  },
};

const simple = (family: string, args: (a: Attributes) => readonly DraftArg[]): Lowering => ({
  refuse: computed,
  lower: (c) => c.emit(family, '', c.inputs(), [c.output()], args(c.node.attributes)),
});

export const sampling: LoweringTable = {
  DeformableConvolution: deforming,
  ExtractImagePatches: extracting,
  Col2Im: joining,
  GridSample: simple('grid_sample', (a) => [
    flag(a.align_corners),
    ['bilinear', 'bicubic', 'nearest'].indexOf(a.mode as string),
    ['zeros', 'border', 'reflection'].indexOf(a.padding_mode as string),
  ]),
  CTCLoss: simple('ctc_loss', (a) => [flag(a.preprocess_collapse_repeated), flag(a.ctc_merge_repeated), flag(a.unique)]),
};
