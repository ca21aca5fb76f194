/** Sequences, of known length or the parts of one tensor, and optionals. */
import { Value } from '@cuvee/core';
import { axisOf, constantNumbers, dimOf, i64, numberOf, partsOf, rankOf } from '../build.js';
import { Growing, Optional as OptionalOperand, Parts, Sequence, type OnnxNode, type OnnxOp, type Operand } from '../node.js';
import { appended, countOf, joinedParts, partAt } from '../parts.js';

/** Longest sequence that a tensor is split into. */
const longest = 4096;

/** The operand as a sequence. Throws MODEL_INVALID when it is none. */
function sequenceOf(node: Pick<OnnxNode, 'invalid' | 'unsupported'>, operand: Operand | undefined): Sequence {
  const known = counted(node, operand);
  if (known instanceof Parts) throw node.unsupported('a sequence whose length only the run tells');
  return known;
}

/** The operand as a sequence, whose length only the run may tell. Throws MODEL_INVALID when it is none. */
function counted(node: Pick<OnnxNode, 'invalid' | 'unsupported'>, operand: Operand | undefined): Sequence | Parts {
  if (operand instanceof OptionalOperand && operand.content) return counted(node, operand.content);
  if (operand instanceof Growing) throw node.unsupported('a sequence that a loop carries, and that more than appending is done to');
  if (operand instanceof Sequence || operand instanceof Parts) return operand;
  throw node.invalid('the input is no sequence');
}

/** A place in a sequence of `count`, from either end; `extra` more places are allowed at the end. */
function placeOf(node: Pick<OnnxNode, 'invalid' | 'unsupported'>, position: Value | undefined, count: number, extra = 0): number {
  const at = constantNumbers(node, position, 'the position in a sequence')[0] ?? 0;
  if (at < -count || at >= count + extra) throw node.invalid(`position ${at} lies outside a sequence of ${count}`);
  return at < 0 ? at + count : at;
}

export const SequenceEmpty: OnnxOp<0> = () => new Sequence([]);
export const SequenceConstruct: OnnxOp = ({ operands }) =>
  new Sequence(operands.filter((operand): operand is Operand => operand !== undefined));
export const SequenceLength: OnnxOp<0> = (node) => {
  const sequence = counted(node, node.operands[0]);
  return sequence instanceof Parts ? countOf(node, sequence) : i64(node.g, sequence.items.length);
};

export const SequenceAt: OnnxOp<0> = (node) => {
  const sequence = counted(node, node.operands[0]);
  const [, place] = node.inputs;
  if (sequence instanceof Parts) return partAt(node, sequence, place ?? i64(node.g, 0));
  return sequence.items[placeOf(node, place, sequence.items.length)];
};

/** Behind all items, or before the one at a place. */
export const SequenceInsert: OnnxOp<0> = (node) => {
  const [into, given] = node.operands;
  const item = given as Operand;
  if (into instanceof Growing && !node.inputs[2]) return new Growing(into.origin, [...into.added, item]);
  if (into instanceof Parts && item instanceof Value && !node.inputs[2]) return appended(node, into, item);
  const { items } = sequenceOf(node, into);
  const at = node.inputs[2] ? placeOf(node, node.inputs[2], items.length, 1) : items.length;
  return new Sequence([...items.slice(0, at), item, ...items.slice(at)]);
};

export const SequenceErase: OnnxOp<0> = (node) => {
  const { items } = sequenceOf(node, node.operands[0]);
  const at = node.inputs[1] ? placeOf(node, node.inputs[1], items.length) : items.length - 1;
  if (at < 0) throw node.invalid('the sequence is empty');
  return new Sequence(items.filter((_, i) => i !== at));
};

/** The body once for each item; items of further sequences go along, tensors stay the same. */
export const SequenceMap: OnnxOp<0> = (node) => {
  const { items } = sequenceOf(node, node.operands[0]);
  const body = node.attr.graph('body');
  const beside = (other: Operand, i: number): Operand => {
    const own = other instanceof Sequence ? other.items[i] : other;
    if (own === undefined) throw node.invalid(`a sequence is shorter than the first, which has ${items.length} items`);
    return own;
  };
  const rest = node.operands.slice(1) as readonly Operand[];
  const rows = items.map((item, i) => node.inline(body, [item, ...rest.map((other) => beside(other, i))]));
  return body.output.map((_, k) => new Sequence(rows.map((row) => row[k] as Operand)));
};

/** Joins along an existing axis, or a new one. */
export const ConcatFromSequence: OnnxOp<0> = (node) => {
  const { g, attr } = node;
  const sequence = counted(node, node.operands[0]);
  if (sequence instanceof Parts) return joinedParts(node, sequence, attr.int('axis'), attr.bool('new_axis'));
  const values = sequence.items.map((item) => {
    if (!(item instanceof Value)) throw node.invalid('the sequence holds no tensors');
    return item;
  });
  if (values.length === 0) throw node.invalid('the sequence is empty');
  const axis = attr.int('axis');
  const parts = attr.bool('new_axis') ? values.map((value) => g.unsqueeze(value, g.ints([axis]))) : values;
  return g.concat(parts, { axis });
};

/** Parts of given lengths, or of one length with a rest, or single places with (`keepdims`) or without the axis. */
export const SplitToSequence: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x, split] = node.inputs;
  const axis = axisOf(node, attr.int('axis', 0), rankOf(node, x));
  if (split?.fact.shape?.length === 1 && (dimOf(split, 0) ?? 0) <= longest) return new Sequence(g.variadicSplit(x, i64(g, axis), split));
  const part = split ? numberOf(split) : 1;
  if (part === undefined) throw node.unsupported('a length that only the run tells');
  if (part < 1) throw node.invalid(`a length of ${part}`);
  const size = dimOf(x, axis);
  const keepsAxis = split !== undefined || attr.bool('keepdims', true);
  if (size === undefined || size > longest) return new Parts(x, { axis, size: part, keepsAxis });
  const pieces = size === 0 ? [] : g.variadicSplit(x, i64(g, axis), g.ints(partsOf(size, part, Math.ceil(size / part))));
  return new Sequence(keepsAxis ? pieces : pieces.map((value) => g.squeeze(value, g.ints([axis]))));
};

export const Optional: OnnxOp<0> = ({ operands: [content] }) => new OptionalOperand(content);

/** What an optional holds; anything else is itself. */
export const OptionalGetElement: OnnxOp<0> = (node) => {
  const [operand] = node.operands;
  if (!(operand instanceof OptionalOperand)) return operand;
  if (!operand.content) throw node.invalid('the optional is empty');
  return operand.content;
};

export const OptionalHasElement: OnnxOp<0> = ({ g, operands: [operand] }) =>
  g.constant('boolean', [], [operand instanceof OptionalOperand ? operand.content !== undefined : operand !== undefined]);
