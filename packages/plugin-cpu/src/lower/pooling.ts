/**
 * @file Poolings → family `pool`.
 *
 * actions `max`, `avg`, `adaptive_max`, `adaptive_avg`; args [padding does not count, modulus of the indices], and where windows
 * slide, for each spatial axis: kernel sizes, strides, dilations, pads before, pads after that count as places.
 */
import { shape, type Dim, type Node, type Value } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import type { Lowering, LoweringContext, LoweringTable } from '../compile/lowering.js';
import { computeType } from '../ops/elementwise.js';
import type { TensorId } from '../plan/plan.js';
import { windowPads, type Windows } from './windows.js';

interface Pooling extends Windows {
  readonly kernel: readonly number[];
  readonly 'exclude-pad'?: boolean;
  readonly axis?: number;
}

/** Beyond any image: places that padding by rule adds all count. */
const unlimited = 1 << 30;

function refuse(node: Node): string | undefined {
  const rank = node.input(0).fact.shape?.length ?? 0;
  if (rank < 3 || rank > 5) return `${rank - 2} spatial axes`;
  return computeType(node.output.fact.type) ? undefined : `element type ${node.output.fact.type}`;
}

/** Elements from `axis` on: what indices count modulo. */
const sizeFrom = (value: Value, axis: number): Dim => {
  const dims = value.fact.shape ?? [];
  return dims.slice(axis < 0 ? axis + dims.length : axis).reduce<Dim>((a, d) => shape.mul(a, d), 1);
};

function emit(c: LoweringContext, action: string, excludePad: boolean, axis: number, windows: readonly DraftArg[]): void {
  const { node } = c;
  const wantsIndices = (node.outputs[1]?.users.size ?? 0) > 0;
  const blocked = !wantsIndices && node.output.fact.type === 'f32' && node.output.fact.shape?.length === 4 && c.layout(0) === 'blocked';
  const outputs: TensorId[] = [c.output(0, blocked ? 'blocked' : 'plain'), ...(wantsIndices ? [c.output(1)] : [])];
  c.emit('pool', action, [c.input(0, blocked ? 'blocked' : 'plain')], outputs, [
    excludePad ? 1 : 0,
    wantsIndices ? sizeFrom(node.input(0), axis) : 1,
    ...windows,
  ]);
}

const sliding = (action: string): Lowering => ({
  refuse,
  lower(c) {
    const w = c.node.attributes as unknown as Pooling;
    const { kernel } = w;
    const after = kernel.map((_, i) => (w.auto_pad === 'explicit' ? (w.pads_end[i] ?? 0) : w.auto_pad === 'valid' ? 0 : unlimited));
    const pads = windowPads(w, kernel, c.node.input(0).fact.shape ?? [], c.node.output.fact.shape ?? []);
    emit(c, action, w['exclude-pad'] ?? false, w.axis ?? 0, [
      ...kernel,
      ...kernel.map((_, i) => w.strides[i] ?? 1),
      ...kernel.map((_, i) => w.dilations[i] ?? 1),
      ...pads,
      ...after,
    ]);
  },
});

const adaptive = (action: string): Lowering => ({ refuse, lower: (c) => emit(c, action, true, 2, []) });

export const pooling: LoweringTable = {
  MaxPool: sliding('max'),
  AvgPool: sliding('avg'),
  AdaptiveAvgPool: adaptive('adaptive_avg'),
  AdaptiveMaxPool: adaptive('adaptive_max'),
};
