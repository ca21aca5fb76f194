/** What the plain, transposed, quantised and deformable convolutions share. */
import type { Value } from '@cuvee/core';
import { dimOf, rankOf, reshaped, reshapedTo, sizesOf, spatialList, upTo, type AnyNode } from './build.js';
import { windowAttributes } from './windows.js';

/** Number of spatial axes, with what the node says about its kernel checked against the filters. */
export function spatialAxes(node: AnyNode, x: Value, filters: Value): number {
  const rank = filters.fact.shape?.length ?? rankOf(node, x);
  if (rank < 3 || (x.fact.shape !== undefined && x.fact.shape.length !== rank))
    throw node.invalid(`data of rank ${x.fact.shape?.length ?? '?'} and filters of rank ${rank} do not fit`);
  const kernel = spatialList(node, 'kernel_shape', rank - 2, 1, 1);
  if (node.attr.has('kernel_shape')) {
    kernel.forEach((size, i) => {
      const actual = dimOf(filters, i + 2);
      if (actual !== undefined && actual !== size)
        throw node.invalid(`attribute "kernel_shape" is [${kernel.join(',')}], but the filters' axis ${i + 2} is ${actual}`);
    });
  }
  return rank - 2;
}

/** Filters [groups · a, b, kernel…] as [groups, a, b, kernel…]. */
export function grouped(node: AnyNode, filters: Value, groups: number): Value {
  const first = dimOf(filters, 0);
  if (first !== undefined && first % groups !== 0) throw node.invalid(`${first} filters cannot be divided into ${groups} groups`);
  const rest = upTo(filters.fact.shape?.length ?? 0, 1);
  const sizes = rest.map((axis) => dimOf(filters, axis));
  if (sizes.every((d) => d !== undefined)) return reshaped(node.g, filters, [groups, -1, ...(sizes as number[])]);
  return reshapedTo(node.g, filters, [groups, -1, sizesOf(node.g, filters, rest)]);
}

/** Number of groups. Throws MODEL_INVALID below 1. */
export function groupsOf(node: AnyNode): number {
  const groups = node.attr.int('group', 1);
  if (groups < 1 || groups > 0x7fffffff) throw node.invalid(`attribute "group" is ${groups}`);
  return groups;
}

/** A bias per channel added to [N, C, spatial…]. */
export function biased(node: AnyNode, y: Value, bias: Value | undefined, spatial: number): Value {
  return bias ? node.g.add(y, reshaped(node.g, bias, [1, -1, ...upTo(spatial).map(() => 1)])) : y;
}

/** The convolution of a node's data and filters without a bias: also what the quantised ones compute. */
export function convolved(node: AnyNode, x: Value, filters: Value): Value {
  const groups = groupsOf(node);
  const attributes = windowAttributes(node, spatialAxes(node, x, filters));
  return groups === 1 ? node.g.convolution(x, filters, attributes) : node.g.groupConvolution(x, grouped(node, filters, groups), attributes);
}
