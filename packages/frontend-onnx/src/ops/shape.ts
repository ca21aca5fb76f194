/** Rearranging: other shapes, other orders, parts and joins. */
import type { Value } from '@cuvee/core';
import {
  allInputs,
  axesOf,
  axisOf,
  constantNumbers,
  counting,
  dimOf,
  flattened,
  i64,
  listOf,
  like,
  numbersOf,
  partsOf,
  picked,
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
  const { g, attr } = node;
  const [x] = node.inputs;
  const rank = rankOf(node, x),
    given = attr.int('axis', 1);
  if (given < -rank || given > rank) throw node.invalid(`axis ${given} lies outside rank ${rank}`);
  return flattened(g, x, given < 0 ? given + rank : given, rank);
};

export const Transpose: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x] = node.inputs;
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
  const { g, attr, version, outputs } = node;
  const [x] = node.inputs;
  const axis = axisOf(node, attr.int('axis', 0), rankOf(node, x));
  const lengths = givenLengths(node);
  if (lengths) return g.variadicSplit(x, i64(g, axis), lengths);
  const [count, size] = [attr.int('num_outputs', outputs), dimOf(x, axis)];
  if (count !== outputs) throw node.invalid(`there are ${count} parts for ${outputs} outputs`);
  const whole = size === undefined || size % count === 0;
  if (!whole && version < 18) throw node.invalid(`${size} elements cannot be split into ${count} equal parts`);
  if (version < 18 || (size !== undefined && whole)) return g.split(x, i64(g, axis), { num_splits: count });
  return g.variadicSplit(x, i64(g, axis), shares(g, size ?? sizesOf(g, x, [axis]), count));
};

/** The lengths that a Split node gives, one for each output. */
function givenLengths({ g, attr, version, inputs, outputs, invalid }: OnnxNode): Value | undefined {
  const lengths = inputs[1] && version !== 2 ? inputs[1] : attr.has('split') ? g.ints(attr.ints('split')) : undefined;
  const count = lengths && dimOf(lengths, 0);
  if (count !== undefined && count !== outputs) throw invalid(`there are ${count} lengths for ${outputs} outputs`);
  return lengths && count === undefined ? g.reshape(lengths, g.ints([outputs]), { special_zero: false }) : lengths;
}

/** Lengths of `count` parts of a size, all as long as the first, as far as it reaches. */
function shares(g: OnnxNode['g'], size: number | Value, count: number): Value {
  if (typeof size === 'number') return g.ints(partsOf(size, Math.ceil(size / count), count));
  const part = g.divide(g.add(size, g.ints([count - 1])), g.ints([count]), { m_pythondiv: true });
  const rest = g.subtract(size, g.multiply(part, g.ints(upTo(count))));
  return g.maximum(g.minimum(part, rest), g.ints([0]));
}

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
  g.gather(x, indices, i64(g, attr.int('axis', 0)), { batch_dims: 0 });
export const GatherElements: OnnxOp<2> = ({ g, inputs: [x, indices], attr }) => g.gatherElements(x, indices, { axis: attr.int('axis', 0) });
export const GatherND: OnnxOp<2> = ({ g, inputs: [x, indices], attr }) => g.gatherND(x, indices, { batch_dims: attr.int('batch_dims', 0) });

/** ONNX's words for combining, as the rooms say them. */
const reductions = { none: 'none', add: 'sum', mul: 'prod', max: 'max', min: 'min' } as const;

/** Scatter-18 can combine with what is there. */
export const ScatterElements: OnnxOp<3> = ({ g, inputs: [x, indices, updates], attr }) => {
  const reduction = reductions[attr.word('reduction', ['none', 'add', 'mul', 'max', 'min'], 'none')];
  return g.scatterElementsUpdate(x, indices, updates, i64(g, attr.int('axis', 0)), { reduction, use_init_val: true });
};
export const Scatter: OnnxOp<3> = ScatterElements;

export const ScatterND: OnnxOp<3> = ({ g, inputs: [x, indices, updates], attr }) => {
  const reduction = reductions[attr.word('reduction', ['none', 'add', 'mul', 'max', 'min'], 'none')];
  return g.scatterNDUpdate(x, indices, updates, { reduction });
};

export const Expand: OnnxOp<2> = ({ g, inputs: [x, shape] }) => g.broadcast(x, shape, undefined, { mode: 'bidirectional' });

/** Tile-1 repeats along one axis. */
export const Tile: OnnxOp<2> = (node) => {
  const { g, version } = node;
  const [x, repeats, axis] = node.inputs;
  if (version >= 6 || !axis) return g.tile(x, repeats);
  const at = axisOf(node, constantNumbers(node, axis, 'axis')[0] ?? 0, rankOf(node, x));
  const times = constantNumbers(node, repeats, 'tiles')[0] ?? 1;
  return g.tile(x, g.ints(upTo(rankOf(node, x)).map((i) => (i === at ? times : 1))));
};

/** Pad-1 and 2 have attributes, 11 inputs, 18 axes, 19 wrapping around. Negative pads cut. */
export const Pad: OnnxOp = (node) => {
  const { g, attr, version } = node;
  const [x, , value] = node.inputs;
  const mode = attr.word('mode', ['constant', 'reflect', 'edge', 'wrap'], 'constant');
  const rank = rankOf(node, x);
  const [begin, end] = padsOf(node, rank);
  if (mode === 'wrap') return wrapped(g, x, begin, end, rank);
  const fill = version < 11 ? like(g, x, attr.float('value', 0)) : value && scalarOf(g, value);
  return g.pad(x, begin, end, mode === 'constant' ? fill : undefined, { pad_mode: mode });
};

/** Pads at the begin and at the end of every axis. */
function padsOf(node: OnnxNode, rank: number): readonly [Value, Value] {
  const { g, attr, version } = node;
  const [, input, , axes] = node.inputs;
  const pads = version < 11 || !input ? g.ints(attr.ints(version === 1 ? 'paddings' : 'pads')) : g.cast(input, 'i64');
  const known = axes ? numbersOf(axes)?.map((axis) => axisOf(node, axis, rank)) : upTo(rank);
  const count = known?.length ?? dimOf(axes as Value, 0);
  if (count === undefined) throw node.unsupported('axes whose number only the run tells');
  const given = dimOf(pads, 0) ?? 2 * count;
  if (given !== 2 * count) throw node.invalid(`there are ${given} pads for ${count} axes`);
  const places = known ? g.ints(known) : counted(g, g.cast(axes as Value, 'i64'), rank);
  const half = (i: number): Value => {
    const numbers = numbersOf(pads);
    const part = numbers ? g.ints(numbers.slice(i * count, (i + 1) * count)) : sliced(g, pads, 0, i * count, (i + 1) * count);
    return spread(g, part, places, rank);
  };
  return [half(0), half(1)];
}

/** Axes that only the run tells, counted from the front. */
const counted = (g: OnnxNode['g'], axes: Value, rank: number): Value => g.select(g.less(axes, i64(g, 0)), g.add(axes, i64(g, rank)), axes);

/** One number for every axis: those of `part` at their places, 0 elsewhere. */
function spread(g: OnnxNode['g'], part: Value, places: Value, rank: number): Value {
  const [at, numbers] = [numbersOf(places), numbersOf(part)];
  if (at?.length === rank && at.every((axis, i) => axis === i)) return part;
  if (at && numbers) return g.ints(upTo(rank).map((axis) => (at.includes(axis) ? (numbers[at.lastIndexOf(axis)] as number) : 0)));
  return g.scatterUpdate(g.ints(upTo(rank).map(() => 0)), places, part, i64(g, 0));
}

/** Padding with the opposite end, axis by axis. */
function wrapped(g: OnnxNode['g'], x: Value, begin: Value, end: Value, rank: number): Value {
  const [before, after] = [numbersOf(begin), numbersOf(end)];
  return upTo(rank).reduce(
    (y, axis) =>
      before && after
        ? wrappedBy(g, y, axis, before[axis] as number, after[axis] as number)
        : wrappedAtRun(g, y, axis, picked(g, begin, axis, 0), picked(g, end, axis, 0)),
    x,
  );
}

/** Place i of an axis of n comes from place i - before modulo n. */
function wrappedAtRun(g: OnnxNode['g'], x: Value, axis: number, before: Value, after: Value): Value {
  const size = sizeAt(g, x, axis);
  const places = g.range(g.negative(before), g.add(size, after), i64(g, 1), { output_type: 'i64' });
  return g.gather(x, g.floorMod(places, size), i64(g, axis));
}

/** The same by joining slices. */
function wrappedBy(g: OnnxNode['g'], x: Value, axis: number, before: number, after: number): Value {
  if (before === 0 && after === 0) return x;
  const parts: Value[] = [];
  if (before > 0) parts.push(sliced(g, x, axis, -before, Number.MAX_SAFE_INTEGER));
  parts.push(sliced(g, x, axis, Math.max(0, -before), after < 0 ? after : Number.MAX_SAFE_INTEGER));
  if (after > 0) parts.push(sliced(g, x, axis, 0, after));
  return parts.length === 1 ? (parts[0] as Value) : g.concat(parts, { axis });
}

const blockMode = (attr: OnnxNode['attr']): 'blocks_first' | 'depth_first' =>
  attr.word('mode', ['DCR', 'CRD'], 'DCR') === 'DCR' ? 'blocks_first' : 'depth_first';

export const DepthToSpace: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.depthToSpace(x, { block_size: attr.int('blocksize'), mode: blockMode(attr) });
export const SpaceToDepth: OnnxOp = ({ g, inputs: [x], attr }) =>
  g.spaceToDepth(x, { block_size: attr.int('blocksize'), mode: blockMode(attr) });

/** TopK-1 has k as attribute, 10 as input, 11 smallest and unsorted. */
export const TopK: OnnxOp = ({ g, inputs: [x, k], attr, version }) => {
  const count = version < 10 || !k ? i64(g, attr.int('k')) : scalarOf(g, k);
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
  const { g, attr } = node;
  const [x] = node.inputs;
  const rank = rankOf(node, x);
  const axis = axisOf(node, attr.int('axis', 0), rank);
  const last = attr.bool('select_last_index');
  const from = last ? g.slice(x, g.ints([-1]), g.ints([Number.MIN_SAFE_INTEGER]), g.ints([-1]), g.ints([axis])) : x;
  const [, at] = g.topK(from, i64(g, 1), {
    axis,
    mode,
    sort: 'value',
    index_element_type: 'i64',
    stable: true,
  }) as readonly [Value, Value];
  const place = last ? g.subtract(g.subtract(sizeAt(g, x, axis), i64(g, 1)), at) : at;
  return attr.bool('keepdims', true) ? place : g.squeeze(place, g.ints([axis]));
}
export const ArgMax: OnnxOp = (node) => argument(node, 'max');
export const ArgMin: OnnxOp = (node) => argument(node, 'min');

export const ReverseSequence: OnnxOp<2> = ({ g, inputs: [x, lengths], attr }) =>
  g.reverseSequence(x, lengths, { batch_axis: attr.int('batch_axis', 1), seq_axis: attr.int('time_axis', 0) });

/** Cuts or pads the middle to given sizes: an odd element more is cut or padded at the end. */
export const CenterCropPad: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [x, shape] = node.inputs;
  const rank = rankOf(node, x);
  const axes = attr.ints('axes', upTo(rank)).map((axis) => axisOf(node, axis, rank));
  const [now, wanted] = [sizesOf(g, x, axes), g.cast(listOf(g, shape), 'i64')];
  const [excess, lack] = [g.subtract(now, wanted), g.subtract(wanted, now)].map((n) => g.maximum(n, g.ints([0]))) as [Value, Value];
  const half = (n: Value): Value => g.divide(n, g.ints([2]), { m_pythondiv: true });
  const [from, before] = [half(excess), half(lack)];
  const middle = g.slice(x, from, g.add(from, g.minimum(now, wanted)), ones(g, from), g.ints(axes));
  const edge = (part: Value): Value => spread(g, part, g.ints(axes), rank);
  return g.pad(middle, edge(before), edge(g.subtract(lack, before)), like(g, x, 0), { pad_mode: 'constant' });
};

/** Writes rows into a cache along one axis, at a place of its own for each batch entry. */
export const TensorScatter: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [cache, update, first] = node.inputs;
  const rank = rankOf(node, cache);
  const axis = axisOf(node, attr.int('axis', -2), rank);
  const start = first ? g.reshape(g.cast(first, 'i64'), g.ints([-1, 1]), { special_zero: false }) : i64(g, 0);
  const lines = g.add(start, g.unsqueeze(counting(g, sizeAt(g, update, axis)), g.ints([0])));
  const circular = attr.word('mode', ['linear', 'circular'], 'linear') === 'circular';
  const at = circular ? g.floorMod(lines, sizeAt(g, cache, axis)) : lines;
  // [batch, 1 … count … 1] broadcast to the update's shape
  const aligned = reshapedTo(g, at, [first ? sizesOf(g, first, [0]) : 1, ...upTo(rank, 1).map((i) => (i === axis ? -1 : 1))]);
  const places = g.broadcast(aligned, shapeOf(g, update), undefined, { mode: 'bidirectional' });
  return g.scatterElementsUpdate(cache, places, update, i64(g, axis), { reduction: 'none', use_init_val: true });
};

/** Rearranges columns back into pictures: the opposite of taking patches. */
export const Col2Im: OnnxOp<3> = (node) => {
  const { g, attr } = node;
  const [x, image, block] = node.inputs;
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
