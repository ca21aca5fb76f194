/** @file Poolings over regions of interest; see native/kernels/roi. */
import type { DraftArg } from '../compile/draft.js';
import type { Lowering, LoweringTable } from '../compile/lowering.js';
import { computed } from './detection.js';

type Attributes = Readonly<Record<string, unknown>>;

const int = (x: unknown): DraftArg => Number(x);
const float = (x: unknown): DraftArg => ({ float: Number(x) });

const pooling = (family: string, action: (a: Attributes) => string, args: (a: Attributes) => readonly DraftArg[]): Lowering => ({
  refuse: computed,
  lower: (c) => c.emit(family, action(c.node.attributes), c.inputs(), [c.output()], args(c.node.attributes)),
});

export const regions: LoweringTable = {
  ROIAlign: pooling(
    'roi_align',
    (a) => a.mode as string,
    (a) => [
      int(a.sampling_ratio),
      float(a.spatial_scale),
      ['asymmetric', 'half_pixel_for_nn', 'half_pixel'].indexOf(a.aligned_mode as string),
    ],
  ),
  ROIAlignRotated: pooling(
    'roi_align',
    () => 'rotated',
    (a) => [int(a.sampling_ratio), float(a.spatial_scale), int(a.clockwise_mode)],
  ),
  ExperimentalDetectronROIFeatureExtractor: {
    refuse: computed,
    lower(c) {
      const a = c.node.attributes;
      const scales = a.pyramid_scales as readonly number[];
      c.emit('roi_align', 'pyramid', c.inputs(), [c.output()], [int(a.sampling_ratio), int(a.aligned), ...scales.map(float)]);
      c.view(1, c.input(0) as number);
    },
  },
  ROIPooling: pooling(
    'roi_pool',
    (a) => a.method as string,
    (a) => [float(a.spatial_scale)],
  ),
  PSROIPooling: pooling(
    'roi_pool',
    (a) => `ps_${a.mode as string}`,
    (a) => [float(a.spatial_scale), int(a.spatial_bins_x), int(a.spatial_bins_y)],
  ),
  DeformablePSROIPooling: pooling(
    'roi_pool',
    () => 'ps_deformable',
    (a) => [float(a.spatial_scale), int(a.spatial_bins_x), int(a.spatial_bins_y), float(a.trans_std), int(a.part_size)],
  ),
};
