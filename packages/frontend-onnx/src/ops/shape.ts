/** Rearranging: other shapes, other orders, parts and joins. */
import type { Value } from '@cuvee/core';
import {
  allInputs,
  axesOf,
  axisOf,
  constantNumbers,
  dimOf,
  flattened,
  listOf,
  like,
  numbersOf,
  rankOf,
  reshapedTo,
  scalarOf,
  shapeOf,
  sizeAt,
  sizesOf,
  sliced,
  upTo,
} from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

/** Reshape-5 takes the shape as input; Reshape-14 may take 0 for what it is. */
export const Reshape: OnnxOp = ({ g, inputs: [x, shape], attr, version }) =>
  g.reshape(x, version < 5 || !shape ? g.ints(attr.ints('shape', [])) : shape, { special_zero: !attr.bool('allowzero') });

export const Flatten: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
  } = node;
  const rank = rankOf(node, x),
    given = attr.int('axis', 1);
  if (given < -rank || given > rank) throw node.invalid(`axis ${given} lies outside rank ${rank}`);
  return flattened(g, x, given < 0 ? given + rank : given, rank);
};

export const Transpose: OnnxOp = (node) => {
  const {
    g,
    inputs: [x],
    attr,
  } = node;
  const order = attr.ints('perm', []);
  if (order.length > 0) return g.transpose(x, g.ints(order));
  return rankOf(node, x) === 0 ? x : g.transpose(x, g.ints(upTo(rankOf(node, x)).reverse()));
};

export const Squeeze: OnnxOp = (node) => node.g.squeeze(node.inputs[0], axesOf(node, 13));
export const Unsqueeze: OnnxOp = (node) => node.g.unsqueeze(node.inputs[0], axesOf(node, 13) ?? node.g.ints(node.attr.ints('axes')));

export const Concat: OnnxOp = (node) =>
  node.g.concat(allInputs(node), { axis: node.version < 4 ? node.attr.int('axis', 1) : node.attr.int('axis') });

/** Split-1 and 13 take lengths as input, 2 as attribute; 18 splits unevenly into `num_outputs`, the last being smaller. */
export const Split: OnnxOp = (node) => {
  const {
    g,
    inputs: [x, lengths],
    attr,
    version,
    outputs,
  } = node;
  const rank = rankOf(node, x);
  const at = axisOf(node, attr.int('axis', 0), rank);
  const axis = g.constant('i64', [], [at]);
  const given = lengths && version !== 2 ? lengths : attr.has('split') ? g.ints(attr.ints('split')) : undefined;
  if (given) {
    const parts = dimOf(given, 0);
    if (parts !== undefined && parts !== outputs) throw node.invalid(`there are ${parts} lengths for ${outputs} outputs`);
    return g.variadicSplit(x, axis, given);
  }
  const count = attr.int('num_outputs', outputs),
    size = dimOf(x, at);
  if (count !== outputs) throw node.invalid(`num_outputs is ${count}, but there are ${outputs} outputs`);
  if (size === undefined || size % count === 0) return g.split(x, axis, { num_splits: count });
  if (version < 18) throw node.invalid(`${size} elements cannot be split into ${count} equal parts`);
  const part = Math.ceil(size / count);
  return g.variadicSplit(x, axis, g.ints(upTo(count).map((i) => Math.max(0, Math.min(part, size - i * part)))));
};

/** Slice-1 takes everything as attributes. */
export const Slice: OnnxOp = ({ g, inputs: [x, starts, ends, axes, steps], attr, version }) => {
  if (version < 10 || !starts || !ends) {
    const from = attr.ints('starts'),
      to = attr.ints('ends');
    return g.slice(x, g.ints(from), g.ints(to), g.ints(from.map(() => 1)), g.ints(attr.ints('axes', upTo(from.length))));
  }
  const step = steps ?? ones(g, starts);
  return g.slice(x, starts, ends, step, axes);
};

/** Steps of 1, as many as there are starts. */
function ones(g: OnnxNode['g'], starts: Value): Value {
  const count = dimOf(starts, 0);
  if (count !== undefined && count <= 64) return g.constant(starts.fact.type, [count], new Array<number>(count).fill(1));
  return g.broadcast(g.constant(starts.fact.type, [], [1]), shapeOf(g, starts), undefined, { mode: 'numpy' });
}

export const Gather: OnnxOp<2> = ({ g, inputs: [x, indices], attr }) =>
  g.gather(x, indices, g.constant('i64', [], [attr.int('axis', 0)]), { batch_dims: 0 });
export const GatherElements: OnnxOp<2> = ({ g, inputs: [x, indices], attr }) => g.gatherElements(x, indices, { axis: attr.int('axis', 0) });
export const GatherND: OnnxOp<2> = ({ g, inputs: [x, indices], attr }) => g.gatherND(x, indices, { batch_dims: attr.int('batch_dims', 0) });

const reductions = ['none', 'add', 'mul', 'max', 'min'] as const;

/** Scatter-18 can combine with what is there. */
export const ScatterElements: OnnxOp<3> = ({ g, inputs: [x, indices, updates], attr }) => {
  const word = attr.word('reduction', reductions, 'none');
  const reduction = ({ none: 'none', add: 'sum', mul: 'prod', max: 'max', min: 'min' } as const)[word];
  return g.scatterElementsUpdate(x, indices, updates, g.constant('i64', [], [attr.int('axis', 0)]), { reduction, use_init_val: true });
};
export const Scatter: OnnxOp<3> = ScatterElements;

export const ScatterND: OnnxOp<3> = ({ g, inputs: [x, indices, updates], attr }) => {
  const word = attr.word('reduction', reductions, 'none');
  const reduction = ({ none: 'none', add: 'sum', mul: 'prod', max: 'max', min: 'min' } as const)[word];
  return g.scatterNDUpdate(x, indices, updates, { reduction });
};

export const Expand: OnnxOp<2> = ({ g, inputs: [x, shape] }) => g.broadcast(x, shape, undefined, { mode: 'bidirectional' });

/** Tile-1 repeats along one axis. */
export const Tile: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, repeats, axis],
    version,
  } = node;
  if (version >= 6 || !axis) return g.tile(x, repeats);
  const at = axisOf(node, constantNumbers(node, axis, 'axis')[0] ?? 0, rankOf(node, x));
  const times = constantNumbers(node, repeats, 'tiles')[0] ?? 1;
  return g.tile(x, g.ints(upTo(rankOf(node, x)).map((i) => (i === at ? times : 1))));
};

const padModes = { constant: 'constant', reflect: 'reflect', edge: 'edge' } as const;

/** Pad-1 and 2 have attributes, 11 inputs, 18 axes, 19 wrapping around. Negative pads cut. */
export const Pad: OnnxOp = (node) => {
  const {
    g,
    inputs: [x, pads, value, axes],
    attr,
    version,
  } = node;
  const mode = attr.word('mode', ['constant', 'reflect', 'edge', 'wrap'], 'constant');
  const rank = rankOf(node, x);
  const fill = version < 11 ? like(g, x, attr.float('value', 0)) : value ? scalarOf(g, value) : undefined;
  const given = version < 11 || !pads ? attr.ints(version === 1 ? 'paddings' : 'pads') : numbersOf(pads);
  if (!given || (axes && !numbersOf(axes))) {
    const [begin, end] = [0, 1].map((half) =>
      padsAtRun(node, g.cast(pads ?? g.ints(given as readonly number[]), 'i64'), axes, half, rank),
    ) as [Value, Value];
    if (mode === 'wrap') return wrappedAtRun(g, x, begin, end, rank);
    return g.pad(x, begin, end, mode === 'constant' ? fill : undefined, { pad_mode: padModes[mode] });
  }
  const along = axes ? constantNumbers(node, axes, 'axes').map((axis) => axisOf(node, axis, rank)) : upTo(rank);
  if (given.length !== 2 * along.length) throw node.invalid(`there are ${given.length} pads for ${along.length} axes`);
  const begin = new Array<number>(rank).fill(0),
    end = new Array<number>(rank).fill(0);
  along.forEach((axis, i) => {
    begin[axis] = given[i] as number;
    end[axis] = given[i + along.length] as number;
  });
  if (mode === 'wrap') return wrapped(g, x, begin, end);
  return g.pad(x, g.ints(begin), g.ints(end), mode === 'constant' ? fill : undefined, { pad_mode: padModes[mode] });
};

/** The first or second half of pads that only the run tells, one for every axis. */
function padsAtRun(node: OnnxNode, pads: Value, axes: Value | undefined, half: number, rank: number): Value {
  const { g } = node;
  if (!axes) return sliced(g, pads, 0, half * rank, (half + 1) * rank);
  const count = dimOf(axes, 0);
  if (count === undefined) throw node.unsupported('axes whose number only the run tells');
  const wide = g.cast(axes, 'i64'),
    zero = g.constant('i64', [], [0]);
  const places = g.select(g.less(wide, zero), g.add(wide, g.constant('i64', [], [rank])), wide);
  return g.scatterUpdate(g.ints(upTo(rank).map(() => 0)), places, sliced(g, pads, 0, half * count, (half + 1) * count), zero);
}

/** Place i of an axis of n comes from place i - begin modulo n. */
function wrappedAtRun(g: OnnxNode['g'], x: Value, begin: Value, end: Value, rank: number): Value {
  const i64 = (n: number): Value => g.constant('i64', [], [n]);
  return upTo(rank).reduce((y, axis) => {
    const size = sizeAt(g, x, axis);
    const [before, after] = [begin, end].map((pads) => g.gather(pads, i64(axis), i64(0))) as [Value, Value];
    const places = g.range(g.negative(before), g.add(size, after), i64(1), { output_type: 'i64' });
    return g.gather(y, g.floorMod(places, size), i64(axis));
  }, x);
}

/** Padding with the opposite end, axis by axis: joins of slices. */
function wrapped(g: OnnxNode['g'], x: Value, begin: readonly number[], end: readonly number[]): Value {
  return begin.reduce((y, before, axis) => {
    const after = end[axis] as number;
    if (before === 0 && after === 0) return y;
    const parts: Value[] = [];
    if (before > 0) parts.push(sliced(g, y, axis, -before, Number.MAX_SAFE_INTEGER));
    parts.push(sliced(g, y, axis, Math.max(0, -before), after < 0 ? after : Number.MAX_SAFE_INTEGER));
    if (after > 0) parts.push(sliced(g, y, axis, 0, after));
    return parts.length === 1 ? (parts[0] as Value) : g.concat(parts, { axis });
  }, x);
}

const blockMode = (attr: OnnxNode['attr']): 'blocks_first' | 'depth_first' =>
  attr.word('mode', ['DCR', 'CRD'], 'DCR') === 'DCR' ? 'blocks_first' : 'depth_first';

export const DepthToSpace: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.depthToSpace(x, { block_size: attr.int('blocksize'), mode: blockMode(attr) });
export const SpaceToDepth: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.spaceToDepth(x, { block_size: attr.int('blocksize'), mode: blockMode(attr) });

/** TopK-1 has k as attribute, 10 as input, 11 smallest and unsorted. */
export const TopK: OnnxOp = ({ g, inputs: [x, k], attr, version }) => {
  const count = version < 10 || !k ? g.constant('i64', [], [attr.int('k')]) : scalarOf(g, k);
  const mode = attr.bool('largest', true) ? 'max' : 'min';
  return g.topK(x, count, {
    axis: attr.int('axis', -1),
    mode,
    sort: attr.bool('sorted', true) ? 'value' : 'none',
    index_element_type: 'i64',
    stable: true,
  });
};

/** The place of the largest (smallest) element; the last of equal ones by counting from the other end. */
function argument(node: OnnxNode, mode: 'max' | 'min'): Value {
  const {
    g,
    inputs: [x],
    attr,
  } = node;
  const rank = rankOf(node, x);
  const axis = axisOf(node, attr.int('axis', 0), rank);
  const last = attr.bool('select_last_index');
  const from = last ? g.slice(x, g.ints([-1]), g.ints([Number.MIN_SAFE_INTEGER]), g.ints([-1]), g.ints([axis])) : x;
  const [, at] = g.topK(from, g.constant('i64', [], [1]), {
    axis,
    mode,
    sort: 'value',
    index_element_type: 'i64',
    stable: true,
  }) as readonly [Value, Value];
  const place = last ? g.subtract(g.subtract(sizeAt(g, x, axis), g.constant('i64', [], [1])), at) : at;
  return attr.bool('keepdims', true) ? place : g.squeeze(place, g.ints([axis]));
}
export const ArgMax: OnnxOp = (node) => argument(node, 'max');
export const ArgMin: OnnxOp = (node) => argument(node, 'min');

export const ReverseSequence: OnnxOp<2> = ({ g, inputs: [x, lengths], attr }) =>
  g.reverseSequence(x, lengths, { batch_axis: attr.int('batch_axis', 1), seq_axis: attr.int('time_axis', 0) });

/** Cuts or pads the middle to given sizes: an odd element more is cut or padded at the end. */
export const CenterCropPad: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [x, shape],
    attr,
  } = node;
  const rank = rankOf(node, x);
  const axes = attr.ints('axes', upTo(rank)).map((axis) => axisOf(node, axis, rank));
  const zero = g.constant('i64', [], [0]),
    two = g.ints([2]);
  const now = sizesOf(g, x, axes),
    wanted = g.cast(listOf(g, shape), 'i64');
  const excess = g.maximum(g.subtract(now, wanted), g.ints([0])),
    lack = g.maximum(g.subtract(wanted, now), g.ints([0]));
  const from = g.divide(excess, two, { m_pythondiv: true });
  const middle = g.slice(x, from, g.add(from, g.minimum(now, wanted)), g.ints(axes.map(() => 1)), g.ints(axes));
  const before = g.divide(lack, two, { m_pythondiv: true });
  const everywhere = (part: Value): Value =>
    axes.length === rank && axes.every((a, i) => a === i)
      ? part
      : g.scatterUpdate(g.ints(upTo(rank).map(() => 0)), g.ints(axes), part, zero);
  return g.pad(middle, everywhere(before), everywhere(g.subtract(lack, before)), like(g, x, 0), { pad_mode: 'constant' });
};

/** Writes rows into a cache along one axis, at a place of its own for each batch entry. */
export const TensorScatter: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [cache, update, places],
    attr,
  } = node;
  const rank = rankOf(node, cache);
  const axis = axisOf(node, attr.int('axis', -2), rank);
  const i64 = (n: number): Value => g.constant('i64', [], [n]);
  const count = g.range(i64(0), sizeAt(g, update, axis), i64(1), { output_type: 'i64' });
  const first = places ? g.reshape(g.cast(places, 'i64'), g.ints([-1, 1]), { special_zero: false }) : g.constant('i64', [1, 1], [0]);
  let at = g.add(first, g.unsqueeze(count, g.ints([0])));
  if (attr.word('mode', ['linear', 'circular'], 'linear') === 'circular') at = g.floorMod(at, sizeAt(g, cache, axis));
  // [batch, 1 … count … 1] broadcast to the update's shape
  const aligned = reshapedTo(g, at, [places ? sizesOf(g, places, [0]) : 1, ...upTo(rank, 1).map((i) => (i === axis ? -1 : 1))]);
  return g.scatterElementsUpdate(cache, g.broadcast(aligned, shapeOf(g, update), undefined, { mode: 'bidirectional' }), update, i64(axis), {
    reduction: 'none',
    use_init_val: true,
  });
};

/** Rearranges columns back into pictures: the opposite of taking patches. */
export const Col2Im: OnnxOp<3> = (node) => {
  const {
    g,
    inputs: [x, image, block],
    attr,
  } = node;
  const spatial = dimOf(image, 0) ?? constantNumbers(node, image, 'image_shape').length;
  const axes = (x: number): number[] => new Array<number>(spatial).fill(x);
  const pads = attr.ints('pads', [...axes(0), ...axes(0)]);
  return g.col2Im(x, image, block, {
    strides: attr.ints('strides', axes(1)),
    dilations: attr.ints('dilations', axes(1)),
    pads_begin: pads.slice(0, spatial),
    pads_end: pads.slice(spatial),
  });
};
