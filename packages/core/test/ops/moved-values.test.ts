/** @file Elements that operations move, known ones and symbols alike: a size that goes through them stays that size. */
import { describe, expect, test } from 'vitest';
import { builder, type Builder, type Value } from '../../src/index.js';
import { dimOf, print } from '../../src/shape/index.js';

const elements = (v: Value | undefined): string => {
  const known = v?.fact.elements ?? (v?.fact.value ? Array.from(v.fact.value.nd().data as BigInt64Array, Number) : undefined);
  return known ? known.map((e) => (e === undefined ? '?' : print(dimOf(e) ?? Number.NaN))).join(' ') : 'unknown';
};

/** The shape of [h, 3, w] as a value, through `make`. */
function through(make: (g: Builder, shape: Value) => Value | readonly Value[]): string[] {
  const g = builder();
  const x = g.parameter('f32', '[?,3,?]', 'x');
  const made = make(g, g.shapeOf(x));
  return (Array.isArray(made) ? (made as readonly Value[]) : [made as Value]).map((v) =>
    elements(v).replaceAll('x.0', 'h').replaceAll('x.2', 'w'),
  );
}
const axis = (g: Builder, i = 0): Value => g.constant('i64', [], [i]);

describe('elements move through', () => {
  test.each<[string, (g: Builder, s: Value) => Value | readonly Value[], string[]]>([
    ['Gather', (g, s) => g.gather(s, g.ints([-1, 0]), axis(g)), ['w h']],
    ['GatherElements', (g, s) => g.gatherElements(s, g.ints([2, 2]), { axis: 0 }), ['w w']],
    ['GatherND', (g, s) => g.gatherND(s, g.constant('i64', [2, 1], [2, 1])), ['w 3']],
    ['Slice', (g, s) => g.slice(s, g.ints([-1]), g.ints([-4]), g.ints([-1]), undefined), ['w 3 h']],
    ['StridedSlice', (g, s) => g.stridedSlice(s, g.ints([0]), g.ints([3]), g.ints([2])), ['h w']],
    ['StridedSlice to a scalar', (g, s) => g.stridedSlice(s, g.ints([2]), g.ints([3]), undefined, { shrink_axis_mask: [1] }), ['w']],
    ['Split', (g, s) => g.split(s, axis(g), { num_splits: 3 }), ['h', '3', 'w']],
    ['VariadicSplit', (g, s) => g.variadicSplit(s, axis(g), g.ints([1, -1])), ['h', '3 w']],
    ['Concat with constants', (g, s) => g.concat([g.ints([1]), s, g.ints([7])], { axis: 0 }), ['1 h 3 w 7']],
    [
      'Unsqueeze, Transpose, Squeeze',
      (g, s) => g.squeeze(g.transpose(g.unsqueeze(s, g.ints([0])), g.ints([1, 0])), g.ints([1])),
      ['h 3 w'],
    ],
    ['Broadcast', (g, s) => g.broadcast(g.gather(s, g.ints([2]), axis(g)), g.ints([2, 2]), undefined), ['w w w w']],
    ['Tile', (g, s) => g.tile(s, g.ints([2])), ['h 3 w h 3 w']],
    ['Pad', (g, s) => g.pad(s, g.ints([1]), g.ints([1]), axis(g, 9), { pad_mode: 'constant' }), ['9 h 3 w 9']],
    ['ScatterUpdate', (g, s) => g.scatterUpdate(s, g.ints([0]), g.gather(s, g.ints([2]), axis(g)), axis(g)), ['w 3 w']],
    ['ScatterElementsUpdate', (g, s) => g.scatterElementsUpdate(s, g.ints([1]), g.ints([5]), axis(g)), ['h 5 w']],
    ['ScatterNDUpdate', (g, s) => g.scatterNDUpdate(s, g.constant('i64', [1, 1], [1]), g.ints([5])), ['h 5 w']],
    ['Reverse', (g, s) => g.reverse(s, g.ints([0]), { mode: 'index' }), ['w 3 h']],
    ['Roll', (g, s) => g.roll(s, g.ints([1]), g.ints([0])), ['w h 3']],
    [
      'Range of a size',
      (g, s) =>
        g.range(g.gather(s, axis(g, 0), axis(g)), g.add(g.gather(s, axis(g, 0), axis(g)), axis(g, 2)), axis(g, 1), { output_type: 'i64' }),
      ['h h+1'],
    ],
  ])('%s', (_, make, expected) => expect(through(make)).toEqual(expected));

  test('a reduction makes them unknown', () => {
    expect(through((g, s) => g.scatterElementsUpdate(s, g.ints([1]), g.ints([5]), axis(g), { reduction: 'sum' }))).toEqual(['unknown']);
  });
  test('all numbers are a constant', () => {
    const g = builder();
    const size = g.gather(g.shapeOf(g.parameter('f32', '[?,3,?]', 'x')), g.ints([1]), g.constant('i64', [], [0]));
    expect(Number(size.fact.value?.nd().data[0])).toBe(3);
  });
});
