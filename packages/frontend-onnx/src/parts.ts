/** What sequences of unknown length give: the parts of one tensor (`Parts`). */
import { Value } from '@cuvee/core';
import { i64, rankOf, reshapedTo, scalarOf, sizeAt, sizesOf, transposed, upTo, type AnyNode } from './build.js';
import { Parts, Sequence, type Operand } from './node.js';

/** How many parts there are, an i64 scalar. */
export function countOf({ g }: AnyNode, { whole, cut: { axis, size } }: Parts): Value {
  const places = sizeAt(g, whole, axis);
  return size === 1 ? places : g.divide(g.add(places, i64(g, size - 1)), i64(g, size), { m_pythondiv: true });
}

/** The part at a place, which may count from the end. */
export function partAt(node: AnyNode, parts: Parts, place: Value): Value {
  const { g } = node;
  const { whole, cut } = parts;
  const wide = g.cast(scalarOf(g, place), 'i64');
  const from = g.select(g.less(wide, i64(g, 0)), g.add(wide, countOf(node, parts)), wide);
  if (!cut.keepsAxis) return g.gather(whole, from, i64(g, cut.axis));
  const begin = g.unsqueeze(g.multiply(from, i64(g, cut.size)), g.ints([0]));
  return g.slice(whole, begin, g.add(begin, g.ints([cut.size])), g.ints([1]), g.ints([cut.axis]));
}

/** All parts joined along an axis of theirs, or along a new one. Throws MODEL_UNSUPPORTED where that interleaves parts of some length. */
export function joinedParts(node: AnyNode, { whole, cut }: Parts, axis: number, isNew: boolean): Value {
  const { g } = node;
  const rank = rankOf(node, whole);
  const at = axis < 0 ? axis + rank - (cut.keepsAxis || isNew ? 0 : 1) : axis;
  if (cut.keepsAxis) {
    if (!isNew && at === cut.axis) return whole;
    throw node.unsupported('joining parts of a tensor along another axis, where only the run tells how many there are');
  }
  const rest = upTo(rank).filter((i) => i !== cut.axis);
  const moved = transposed(g, whole, [...rest.slice(0, at), cut.axis, ...rest.slice(at)]);
  if (isNew) return moved;
  return reshapedTo(g, moved, [sizesOf(g, moved, upTo(at)), -1, sizesOf(g, moved, upTo(rank, at + 2))]);
}

/** One more part at the end. */
export function appended(node: AnyNode, { whole, cut }: Parts, item: Value): Parts {
  const { g } = node;
  if (cut.keepsAxis && cut.size !== 1) throw node.unsupported('appending to parts whose last may be shorter');
  const part = cut.keepsAxis ? item : g.unsqueeze(item, g.ints([cut.axis]));
  return new Parts(g.concat([whole, part], { axis: cut.axis }), cut);
}

/** A sequence followed by the entries of `stack` along axis 0. Throws MODEL_UNSUPPORTED for a sequence of anything but tensors of one shape. */
export function continued(node: AnyNode, first: Operand, stack: Value): Parts {
  const { g } = node;
  const cut = { axis: 0, size: 1, keepsAxis: false };
  if (first instanceof Sequence && first.items.every((item) => item instanceof Value)) {
    const before = first.items.map((item) => g.unsqueeze(item, g.ints([0])));
    return new Parts(before.length === 0 ? stack : g.concat([...before, stack], { axis: 0 }), cut);
  }
  if (first instanceof Parts && !first.cut.keepsAxis && first.cut.axis === 0)
    return new Parts(g.concat([first.whole, stack], { axis: 0 }), cut);
  throw node.unsupported('a loop that adds to such a sequence');
}
