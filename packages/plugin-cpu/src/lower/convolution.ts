/**
 * @file Convolutions → families `conv` and `deconv` (two spatial axes, f32, blocked) and `conv_nd` (anything else).
 *
 * conv, deconv: inputs [data, filters, bias, weightScale, postScale, postShift, residual], filters [Out, In/g, kh, kw]
 * (deconv: [In, Out/g, kh, kw]); args [groups, stride y, x, dilation y, x, pad top, left, activation, alpha, beta, residual after].
 * conv_nd: inputs [data, filters], action `forward` or `transposed`; args [groups, spatial rank, strides…, dilations…, pads before…]; its own epilogue is none.
 */
import { Literal, type Dim, type Node, type Value } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import type { Lowering, LoweringContext, LoweringTable } from '../compile/lowering.js';
import { asFused, type Fused } from '../ops/fused.js';
import { computeType } from '../ops/elementwise.js';
import type { TensorId } from '../plan/plan.js';
import { epilogueArgs, epilogueInputs } from './epilogue.js';
import { windowPads, type Windows } from './windows.js';

const isTransposed = (f: Fused): boolean => f.base.endsWith('BackpropData');
const isGrouped = (f: Fused): boolean => f.base.startsWith('Group');

/** Filters as [Out, In/g, …] or [In, Out/g, …]: the group axis is merged into the first one, on the same bytes. */
function mergedFilters(f: Fused): { readonly groups: number; readonly dims: readonly number[]; readonly kernel: readonly number[] } {
  const dims = (f.inputs[1] as Value).fact.shape as readonly number[];
  if (!isGrouped(f)) return { groups: 1, dims, kernel: dims.slice(2) };
  const [groups, outer, inner, ...kernel] = dims as [number, number, number, ...number[]];
  return { groups, dims: [groups * outer, inner, ...kernel], kernel };
}

/** Pads before each spatial axis. */
function padsBefore(f: Fused, kernel: readonly number[]): Dim[] {
  const data = (f.inputs[0] as Value).fact.shape ?? [];
  const result = f.node.output.fact.shape ?? [];
  return windowPads(f.node.attributes as unknown as Windows, kernel, isTransposed(f) ? result : data, isTransposed(f) ? data : result);
}

/** [N, C, W] as [N, C, 1, W], over the same memory. */
const with2d = (dims: readonly Dim[]): readonly Dim[] => (dims.length === 3 ? [dims[0] as Dim, dims[1] as Dim, 1, dims[2] as Dim] : dims);
const lead = (list: readonly number[], fill: number, rank: number): number[] => [...new Array<number>(2 - rank).fill(fill), ...Array.from({ length: rank }, (_, i) => list[i] ?? fill)];

function filtersTensor(c: LoweringContext, f: Fused, dims: readonly number[]): TensorId {
  const value = f.inputs[1] as Value;
  const literal = value.fact.value;
  const flat = dims.length === 3 ? [dims[0] as number, dims[1] as number, 1, dims[2] as number] : dims;
  if (literal?.source) return c.constantTensor(Literal.at(literal.type, flat, literal.source), value.toString());
  if (literal) return c.constantTensor(Literal.of(literal.type, flat, literal.storage), value.toString());
  return c.viewAs(c.tensor(value), flat);
}

/** One or two spatial axes, f32, with filters whose sizes are known: the fast families. */
function fast(f: Fused): boolean {
  const rank = f.node.output.fact.shape?.length ?? 0;
  return f.node.output.fact.type === 'f32' && (rank === 3 || rank === 4) && ((f.inputs[1] as Value).fact.shape?.every((d) => typeof d === 'number') ?? false);
}

/** An upsampling head, whose few result channels are made planar at once (deconv.h): kernel equal to stride, nothing padded. */
function planarHead(f: Fused, groups: number, dims: readonly number[], pads: readonly Dim[]): boolean {
  const w = f.node.attributes as unknown as Windows & { readonly output_padding?: readonly number[] };
  const [, channels = 0, ...kernel] = dims;
  return isTransposed(f) && groups === 1 && kernel.length === 2 && f.inputs.length === 2 && channels * kernel.reduce((a, b) => a * b, 1) <= 8
    && kernel.every((k, i) => w.strides[i] === k && (w.dilations[i] ?? 1) === 1 && pads[i] === 0 && (w.output_padding?.[i] ?? 0) === 0);
}

function lowerFast(c: LoweringContext, f: Fused): void {
  const { groups, dims, kernel } = mergedFilters(f);
  const w = f.node.attributes as unknown as Windows;
  const rank = kernel.length;
  const pads = padsBefore(f, kernel);
  const data = f.inputs[0] as Value;
  const flat = rank === 1;
  // A planar picture of few channels is read as it is; everything else in blocks.
  const channels = data.fact.shape?.[1];
  const planar = !isTransposed(f) && groups === 1 && typeof channels === 'number' && channels <= 4 && c.layoutOf(data) === 'plain';
  const source = flat
    ? planar ? c.viewAs(c.tensor(data), with2d(data.fact.shape ?? [])) : c.reorder(c.viewAs(c.tensor(data), with2d(data.fact.shape ?? [])), 'blocked')
    : c.tensor(data, planar ? 'plain' : 'blocked');
  const args: DraftArg[] = [groups, ...lead(w.strides, 1, rank), ...lead(w.dilations, 1, rank), ...new Array<Dim>(2 - rank).fill(0), ...pads, ...epilogueArgs(f)];
  const filters = filtersTensor(c, f, dims);
  const family = isTransposed(f) ? 'deconv' : 'conv';
  if (!flat) {
    const layout = planarHead(f, groups, dims, pads) ? 'plain' : 'blocked';
    c.emit(family, '', [source, filters, ...epilogueInputs(c, f, layout)], [c.output(0, layout)], args);
    return;
  }
  const outShape = with2d(f.node.output.fact.shape ?? []);
  const residual = f.epilogue.residual;
  const inputs = epilogueInputs(c, { ...f, epilogue: { ...f.epilogue, residual: undefined } }, 'plain');
  if (residual) inputs[4] = c.reorder(c.viewAs(c.tensor(residual), outShape), 'blocked');
  const blocked = c.temporary('f32', outShape, 'blocked');
  c.emit(family, '', [source, filters, ...inputs], [blocked], args);
  c.emit('reorder', 'plain', [blocked], [c.viewAs(c.output(0), outShape)]);
}

function lowerAny(c: LoweringContext, f: Fused): void {
  const { groups, dims, kernel } = mergedFilters(f);
  const w = f.node.attributes as unknown as Windows;
  const list = (values: readonly number[], fill: number): number[] => kernel.map((_, i) => values[i] ?? fill);
  const filters = c.viewAs(c.tensor(f.inputs[1] as Value), dims);
  c.emit('conv_nd', isTransposed(f) ? 'transposed' : 'forward', [c.tensor(f.inputs[0] as Value), filters], [c.output()],
    [groups, kernel.length, ...list(w.strides, 1), ...list(w.dilations, 1), ...padsBefore(f, kernel)]);
}

const plainEpilogue = (f: Fused): boolean => f.activated.activation === 'none' && Object.values(f.epilogue).every((v) => v === undefined);

const lowering: Lowering = {
  refuse(node: Node) {
    const f = asFused(node) as Fused;
    if (!(f.inputs[1] as Value).fact.shape?.every((d) => typeof d === 'number')) return 'filters whose size is not known';
    const { type } = node.output.fact;
    return computeType(type) ? undefined : `element type ${type}`;
  },
  lower(c) {
    const f = asFused(c.node) as Fused;
    if (fast(f) || !plainEpilogue(f)) lowerFast(c, f);
    else lowerAny(c, f);
  },
};

const names = ['Convolution', 'GroupConvolution', 'ConvolutionBackpropData', 'GroupConvolutionBackpropData'];
export const convolution: LoweringTable = Object.fromEntries(names.flatMap((n) => [[n, lowering], [`Fused${n}`, lowering]]));
