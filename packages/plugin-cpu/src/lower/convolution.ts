/**
 * @file Convolutions → families `conv` and `deconv` (two spatial axes, f32, blocked) and `conv_nd` (anything else).
 *
 * conv, deconv: inputs [data, filters, bias, weightScale, postScale, postShift, residual], filters [Out, In/g, kh, kw]
 * (deconv: [In, Out/g, kh, kw]); args [groups, stride y, x, dilation y, x, pad top, left, activation, alpha, beta, residual after].
 * A conv of a virtual concatenation has the further parts as inputs 7…, and as further args each part's shift: a part is
 * 1 << shift times smaller in both directions and read as by nearest upsampling.
 * Action `image`: the data is a picture of bytes or floats, and the further args say how it is read (image.ts); no parts then.
 * Action `activated`: max(x * scale + shift, 0) is read instead of the data, scale and shift are inputs 7 and 8; no parts then, either.
 * Action `shuffled`: the data is read as if its channels were shuffled, in as many groups as a further arg says; no parts then, either.
 * conv_nd: the same inputs, action `forward` or `transposed`; args [activation, alpha, beta, residual after, groups, spatial rank,
 * strides…, dilations…, pads before…].
 */
import { Literal, normalizeAxis, shape, type Dim, type Node, type Value } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import type { Lowering, LoweringContext, LoweringTable } from '../compile/lowering.js';
import { costs } from '../costs.js';
import { convolutions, asFused, type Fused } from '../ops/fused.js';
import { computeType } from '../ops/elementwise.js';
import type { TensorId } from '../plan/plan.js';
import { imageArgs } from './image.js';
import { epilogueArgs, epilogueInputs } from './epilogue.js';
import { windowPads, type Windows } from './windows.js';
import { names } from '../ops/names.js';
import { mostParts, upsampled, type Upsampled } from '../ops/pyramid.js';

const isTransposed = (f: Fused): boolean => f.base.endsWith('BackpropData');
const isGrouped = (f: Fused): boolean => f.base.startsWith('Group');

/** Filters as [Out, In/g, …] or [In, Out/g, …]: the group axis is merged into the first one, on the same bytes. */
function mergedFilters(f: Fused): { readonly groups: Dim; readonly dims: readonly Dim[]; readonly kernel: readonly Dim[] } {
  const dims = (f.inputs[1] as Value).fact.shape as readonly Dim[];
  if (!isGrouped(f)) return { groups: 1, dims, kernel: dims.slice(2) };
  const groups = dims[0] as Dim;
  return { groups, dims: [shape.mul(groups, dims[1] as Dim), ...dims.slice(2)], kernel: dims.slice(3) };
}

/** Pads before each spatial axis. A transposed convolution has pads by rule only where its output size is given. */
function padsBefore(f: Fused, kernel: readonly Dim[]): Dim[] {
  const w = f.node.attributes as unknown as Windows & { readonly output_padding?: readonly number[] };
  const data = (f.inputs[0] as Value).fact.shape ?? [];
  const result = f.node.output.fact.shape ?? [];
  if (!isTransposed(f) || w.auto_pad === 'explicit') return windowPads(w, kernel, data, result);
  if (!f.inputs[2] || w.auto_pad === 'valid') return kernel.map(() => 0);
  return kernel.map((k, i) => {
    const full = shape.add(
      shape.add(shape.mul(shape.sub(data[i + 2] as Dim, 1), w.strides[i] ?? 1), shape.mul(shape.sub(k, 1), w.dilations[i] ?? 1)),
      1 + (w.output_padding?.[i] ?? 0),
    );
    const extra = shape.max(0, shape.sub(full, result[i + 2] as Dim));
    return w.auto_pad === 'same_upper' ? shape.ceilDiv(extra, 2) : shape.floorDiv(extra, 2);
  });
}

/** [N, C, W] as [N, C, 1, W], over the same memory. */
const with2d = (dims: readonly Dim[]): readonly Dim[] => (dims.length === 3 ? [dims[0] as Dim, dims[1] as Dim, 1, dims[2] as Dim] : dims);
const lead = (list: readonly number[], fill: number, rank: number): number[] =>
  rank === 1 ? [fill, list[0] ?? fill] : [list[0] ?? fill, list[1] ?? fill];

/** The filters with other dimensions. */
function filtersTensor(c: LoweringContext, f: Fused, dims: readonly Dim[]): TensorId {
  const value = f.inputs[1] as Value;
  const literal = value.fact.value;
  const numbers = dims.filter((d) => typeof d === 'number');
  if (!literal || numbers.length < dims.length) return c.viewAs(c.tensor(value), dims);
  return c.constantTensor(
    literal.source ? Literal.at(literal.type, numbers, literal.source) : Literal.of(literal.type, numbers, literal.storage),
    value.label,
  );
}

/** One or two spatial axes, f32 or a float that widens to it, with filters whose sizes are known: the fast families. */
function fast(f: Fused): boolean {
  const rank = f.node.output.fact.shape?.length ?? 0;
  return (
    computeType(f.node.output.fact.type) === 'f32' &&
    (rank === 3 || rank === 4) &&
    ((f.inputs[1] as Value).fact.shape?.every((d) => typeof d === 'number') ?? false)
  );
}

/** The data of a convolution as parts side by side along channels, when it is worth reading them so instead of making it. */
function virtualParts(c: LoweringContext, f: Fused, groups: Dim): readonly Upsampled[] | undefined {
  const data = f.inputs[0] as Value;
  if (c.alone || isTransposed(f) || groups !== 1 || data.fact.type !== 'f32' || data.fact.shape?.length !== 4) return undefined;
  const { node } = data;
  if (c.joined(data) !== undefined) return undefined;
  const joined = node.op.name === names.concatenation && normalizeAxis(node.attributes.axis as number, 4) === 1 && data.users.size === 1;
  const parts = (joined ? node.inputs.map((v) => v as Value) : [data]).map(upsampled);
  const fits =
    parts.length <= mostParts &&
    parts.every(({ value, shift }) => shift <= 8 && typeof value.fact.shape?.[1] === 'number' && c.layoutOf(value) === 'blocked');
  return fits && (joined || parts.some(({ shift }) => shift > 0)) ? parts : undefined;
}

/** An upsampling head, whose few result channels are made planar at once (deconv.h): kernel equal to stride, nothing padded. */
function planarHead(f: Fused, groups: Dim, dims: readonly number[], pads: readonly Dim[]): boolean {
  const w = f.node.attributes as unknown as Windows & { readonly output_padding?: readonly number[] };
  const [, channels = 0, ...kernel] = dims;
  return (
    isTransposed(f) &&
    groups === 1 &&
    kernel.length === 2 &&
    f.inputs[2] === undefined &&
    channels * kernel.reduce((a, b) => a * b, 1) <= costs.convolution.headResults &&
    kernel.every((k, i) => w.strides[i] === k && (w.dilations[i] ?? 1) === 1 && pads[i] === 0 && (w.output_padding?.[i] ?? 0) === 0)
  );
}

function lowerFast(c: LoweringContext, f: Fused): void {
  const merged = mergedFilters(f);
  const groups = merged.groups;
  const dims = merged.dims as readonly number[];
  const kernel = merged.kernel as readonly number[];
  const w = f.node.attributes as unknown as Windows;
  const rank = kernel.length;
  const pads = padsBefore(f, kernel);
  const data = f.inputs[0] as Value;
  const args: DraftArg[] = [
    groups,
    ...lead(w.strides, 1, rank),
    ...lead(w.dilations, 1, rank),
    ...new Array<Dim>(2 - rank).fill(0),
    ...pads,
    ...epilogueArgs(f),
  ];
  const filters = c.widened(filtersTensor(c, f, rank === 1 ? with2d(dims) : dims));
  const family = isTransposed(f) ? 'deconv' : 'conv';
  // A planar picture of few channels is read as it is; everything else in blocks.
  const channels = data.fact.shape?.[1];
  const planar =
    !isTransposed(f) &&
    groups === 1 &&
    typeof channels === 'number' &&
    channels <= costs.convolution.planarChannels &&
    c.layoutOf(data) === 'plain';
  if (rank === 2 && f.node.output.fact.type === 'f32') {
    const layout = planarHead(f, groups, dims, pads) ? 'plain' : 'blocked';
    if (planar && data.node.op.name === 'Image') {
      const picture = c.tensor(data.node.input(0));
      c.emit(
        family,
        'image',
        [picture, filters, ...epilogueInputs(c, f, layout)],
        [c.output(0, layout)],
        [...args, ...imageArgs(data.node)],
      );
      return;
    }
    const { inputScale, inputShift } = f.prologue;
    if (inputScale && inputShift) {
      const arrays = [inputScale, inputShift].map((v) => c.tensor(v));
      c.emit(
        family,
        'activated',
        [c.tensor(data, 'blocked'), filters, ...epilogueInputs(c, f, layout), ...arrays],
        [c.output(0, layout)],
        args,
      );
      return;
    }
    if (f.shuffled > 1) {
      const source = c.tensor(data, 'blocked');
      c.emit(family, 'shuffled', [source, filters, ...epilogueInputs(c, f, layout)], [c.output(0, layout)], [...args, f.shuffled]);
      return;
    }
    const parts = virtualParts(c, f, groups);
    const [source, ...further] = parts?.map(({ value }) => c.tensor(value, 'blocked')) ?? [c.tensor(data, planar ? 'plain' : 'blocked')];
    c.emit(
      family,
      '',
      [source as TensorId, filters, ...epilogueInputs(c, f, layout), ...further],
      [c.output(0, layout)],
      [...args, ...(parts ?? []).map(({ shift }) => shift)],
    );
    return;
  }
  const flat = c.viewAs(c.widened(c.tensor(data)), with2d(data.fact.shape ?? []));
  const outShape = with2d(f.node.output.fact.shape ?? []);
  const residual = f.epilogue.residual;
  const inputs = epilogueInputs(c, { ...f, epilogue: { ...f.epilogue, residual: undefined } }, 'plain');
  if (residual) inputs[4] = c.reorder(c.viewAs(c.tensor(residual), outShape), 'blocked');
  const blocked = c.temporary('f32', outShape, 'blocked');
  c.emit(family, '', [planar ? flat : c.reorder(flat, 'blocked'), filters, ...inputs], [blocked], args);
  if (f.node.output.fact.type === 'f32') c.emit('reorder', 'plain', [blocked], [c.viewAs(c.output(0), outShape)]);
  else c.emit('convert', '', [c.reorder(blocked, 'plain')], [c.viewAs(c.output(0), outShape)]);
}

function lowerAny(c: LoweringContext, f: Fused): void {
  const { groups, dims, kernel } = mergedFilters(f);
  const w = f.node.attributes as unknown as Windows;
  const list = (values: readonly number[], fill: number): number[] => kernel.map((_, i) => values[i] ?? fill);
  c.emit(
    'conv_nd',
    isTransposed(f) ? 'transposed' : 'forward',
    [c.tensor(f.inputs[0] as Value), filtersTensor(c, f, dims), ...epilogueInputs(c, f, 'plain')],
    [c.output()],
    [...epilogueArgs(f), groups, kernel.length, ...list(w.strides, 1), ...list(w.dilations, 1), ...padsBefore(f, kernel)],
  );
}

const lowering: Lowering = {
  refuse(node: Node) {
    const { type } = node.output.fact;
    return computeType(type) ? undefined : `element type ${type}`;
  },
  lower(c) {
    const f = asFused(c.node) as Fused;
    if (fast(f)) lowerFast(c, f);
    else lowerAny(c, f);
  },
};

export const convolution: LoweringTable = Object.fromEntries(convolutions.map((name) => [name, lowering]));
