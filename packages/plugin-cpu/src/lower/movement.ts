/**
 * @file Operations that only move elements. Reshapes are views; the others are families `transpose`, `slice`, `broadcast`, `concat`.
 */
import { bitsOf, normalizeAxis, numbersOf, shape, type Dim, type Node, type Value } from '@cuvee/core';
import { isOpen, type Lowering, type LoweringContext, type LoweringTable } from '../compile/lowering.js';
import { names } from '../ops/names.js';
import type { TensorId } from '../plan/plan.js';

/** Types whose elements are whole bytes. */
const movable = (node: Node): string | undefined => {
  const { type } = node.output.fact;
  return bitsOf(type) >= 8 ? undefined : `element type ${type}`;
};

const constants = (v: Value | undefined): number[] | undefined => {
  if (v?.fact.value) return numbersOf(v.fact.value.nd());
  return v?.fact.elements?.every((e) => typeof e === 'number') ? [...(v.fact.elements as number[])] : undefined;
};

/** Same elements, other dimensions: no step runs. */
const reshaping: Lowering = {
  lower: (c) => void c.view(0, c.input(0)),
};

/** A step that allocates, over axes that only the run tells. */
const byData = (c: LoweringContext, family: string): void => c.emit(family, '', c.inputs(), c.outputs());

const transposing: Lowering = {
  refuse: movable,
  opens: true,
  lower(c) {
    if (c.node.inputs[1]?.fact.shape?.[0] !== 0 && !constants(c.node.inputs[1])) return byData(c, 'transpose_by');
    const rank = c.fact(0).shape?.length ?? 0;
    const given = (constants(c.node.inputs[1]) ?? []).map((axis) => normalizeAxis(axis, rank));
    const order = given.length > 0 ? given : Array.from({ length: rank }, (_, i) => rank - 1 - i);
    // Moving only axes of one element changes nothing in memory.
    const moving = order.filter((axis) => c.fact(0).shape?.[axis] !== 1);
    if (moving.every((axis, i) => i === 0 || axis > (moving[i - 1] as number))) c.view(0, c.input(0));
    else c.emit('transpose', '', [c.input(0)], [c.output()], order);
  },
};

/** Axes, starts and steps of a Slice, where they are known; starts may be sizes. */
function sliceOf(node: Node): { axes: number[]; steps: number[] } | undefined {
  const rank = node.inputs[0]?.fact.shape?.length ?? 0;
  const steps = constants(node.inputs[3]);
  const axes = node.inputs[4] ? constants(node.inputs[4]) : steps?.map((_, i) => i);
  return steps && axes ? { axes: axes.map((a) => normalizeAxis(a, rank)), steps } : undefined;
}

const slicing: Lowering = {
  refuse: movable,
  opens: true,
  lower(c) {
    const known = sliceOf(c.node);
    if (!known || isOpen(c.node.output)) return byData(c, 'slice_by');
    const { axes, steps } = known;
    const starts = c.dims(1);
    const sizes = c.fact(0).shape as readonly Dim[];
    const args = sizes.flatMap((size, axis): Dim[] => {
      const i = axes.indexOf(axis);
      if (i < 0) return [0, 1];
      const step = steps[i] as number;
      return [shape.sliceStart(c.shapes, size, starts[i] as Dim, step), step];
    });
    c.emit('slice', '', [c.input(0)], [c.output()], args);
  },
};

/** One slice for each output, one after the other along the axis. */
const splitting: Lowering = {
  refuse: movable,
  opens: true,
  lower(c) {
    if (!constants(c.node.inputs[1]) || c.node.outputs.some(isOpen)) return byData(c, 'split_by');
    const rank = c.fact(0).shape?.length ?? 0;
    const axis = normalizeAxis((constants(c.node.inputs[1]) as number[])[0] as number, rank);
    let at: Dim = 0;
    c.node.outputs.forEach((value, i) => {
      const begin = at;
      at = shape.add(at, value.fact.shape?.[axis] as Dim);
      if (value.users.size === 0) return;
      c.emit('slice', '', [c.input(0)], [c.output(i)], Array.from({ length: rank }, (_, k): Dim[] => [k === axis ? begin : 0, 1]).flat());
    });
  },
};

const broadcasting: Lowering = {
  refuse: (node) =>
    movable(node) ??
    (node.attributes.mode === 'numpy' || node.attributes.mode === 'bidirectional' ? undefined : 'an axis mapping that is not constant'),
  lower: (c) => c.emit('broadcast', '', [c.input(0)], [c.output()]),
};

/** [d0, d1] tiled r0, r1 times = [1, d0, 1, d1] broadcast to [r0, d0, r1, d1]. */
const tiling: Lowering = {
  refuse: movable,
  lower(c) {
    const out = c.output();
    const to = c.node.output.fact.shape as readonly Dim[];
    const own = c.fact(0).shape as readonly Dim[];
    const padded = [...new Array<Dim>(to.length - own.length).fill(1), ...own];
    const repeats = c.dims(1);
    const times = [...new Array<Dim>(to.length - repeats.length).fill(1), ...repeats];
    const from = c.viewAs(
      c.input(0),
      padded.flatMap((d) => [1, d]),
    );
    c.emit(
      'broadcast',
      '',
      [from],
      [
        c.viewAs(
          out,
          padded.flatMap((d, i) => [times[i] as Dim, d]),
        ),
      ],
    );
  },
};

const concatenating: Lowering = {
  refuse: movable,
  lower(c) {
    const axis = normalizeAxis(c.node.attributes.axis as number, c.node.output.fact.shape?.length ?? 0);
    const values = c.node.inputs.filter((v): v is Value => v !== undefined && !v.fact.shape?.includes(0));
    const place = c.joined(c.node.output);
    if (place !== undefined) return joinInPlace(c, place, values);
    if (axis === 1 && values.every((v) => c.layoutOf(v) === 'blocked') && !inBlocks(c, values)) {
      c.emit(
        'channels',
        'join',
        values.map((v) => c.tensor(v, 'blocked')),
        [c.output(0, 'blocked')],
      );
      return;
    }
    const blocked = axis === 1 && inBlocks(c, values);
    const layout = blocked ? 'blocked' : 'plain';
    c.emit(
      'concat',
      '',
      values.map((v) => c.tensor(v, layout)),
      [c.output(0, layout)],
      [axis],
    );
  },
};

/** Element i * group + g of the axis is element g * (n / group) + i: among channels in blocks, else a transpose. */
const shuffling: Lowering = {
  refuse(node) {
    const { axis } = node.attributes as { axis: number };
    const n = node.input(0).fact.shape?.[normalizeAxis(axis, node.input(0).fact.shape?.length ?? 0)];
    return movable(node) ?? (typeof n === 'number' ? undefined : 'an axis whose length is not known');
  },
  lower(c) {
    const { axis, group } = c.node.attributes as { axis: number; group: number };
    const dims = c.fact(0).shape as readonly Dim[];
    const at = normalizeAxis(axis, dims.length);
    if (at === 1 && c.layout(0) === 'blocked')
      return c.emit('channels', 'shuffle', [c.input(0, 'blocked')], [c.output(0, 'blocked')], [group]);
    const cut = (first: number, second: number): Dim[] => [...dims.slice(0, at), first, second, ...dims.slice(at + 1)];
    const each = (dims[at] as number) / group;
    const order = Array.from({ length: dims.length + 1 }, (_, i) => (i === at ? at + 1 : i === at + 1 ? at : i));
    c.emit('transpose', '', [c.viewAs(c.input(0), cut(group, each))], [c.viewAs(c.output(), cut(each, group))], order);
  },
};

/** Parts that were not written where they belong are copied there (compile/places.ts). */
function joinInPlace(c: LoweringContext, to: TensorId, values: readonly Value[]): void {
  let channels = 0;
  let level = 0;
  for (const value of values) {
    const from = c.tensor(value, 'blocked');
    const storage = c.draft.tensors[from]?.storage;
    const there = storage?.kind === 'view' && storage.of === to && c.placeOf(value) === channels;
    if (!there) c.emit('concat', '', [from], [c.part(to, value, channels)], [1]);
    level = Math.max(level, c.draft.tensorLevel[there ? from : to] ?? 0);
    channels += value.fact.shape?.[1] as number;
  }
  c.draft.tensorLevel[to] = level;
  c.define(c.node.output, 'blocked', to);
}

/** Along channels, blocked tensors join as they are when all but the last one fill their blocks. */
function inBlocks(c: LoweringContext, values: readonly Value[]): boolean {
  if (c.node.output.fact.type !== 'f32' || c.node.output.fact.shape?.length !== 4 || !values.some((v) => c.layoutOf(v) === 'blocked'))
    return false;
  return values.every((v, i) => i === values.length - 1 || (typeof v.fact.shape?.[1] === 'number' && v.fact.shape[1] % c.block === 0));
}

export const movement: LoweringTable = {
  [names.reshape]: reshaping,
  [names.squeeze]: reshaping,
  Bitcast: reshaping,
  [names.unsqueeze]: {
    refuse: (node) => (isOpen(node.output) ? movable(node) : undefined),
    opens: true,
    lower: (c) => (isOpen(c.node.output) ? byData(c, 'unsqueeze_by') : reshaping.lower(c)),
  },
  [names.transpose]: transposing,
  [names.slice]: slicing,
  Split: splitting,
  VariadicSplit: splitting,
  Broadcast: broadcasting,
  Tile: tiling,
  [names.concatenation]: concatenating,
  [names.shuffle]: shuffling,
};
