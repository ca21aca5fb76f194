/** Channel shuffles and concatenations of parts that do not fill their blocks stay in blocks; pointwise convolutions read shuffled data in place. */
import { expect, test } from 'vitest';
import { builder, Model, type Value } from '@cuvee/core';
import { Random } from '../../core/src/ops/cases.js';
import { compile } from '../src/compile/compile.js';
import { expectAsInterpreted } from './interpreted.js';

const size = [2, 20, 5, 7];

function model(): Model {
  const g = builder();
  const random = new Random(11);
  const x = g.parameter('f32', size, 'x');
  const conv = (v: Value, groups: number, each: number): Value => {
    const inputs = (v.fact.shape?.[1] as number) / groups;
    const filters = g.constant(random.tensor('f32', [groups, each, inputs, 1, 1], -0.5, 0.5));
    return g.groupConvolution(v, filters, { strides: [1, 1], pads_begin: [0, 0], pads_end: [0, 0], dilations: [1, 1] });
  };
  const shuffled = (v: Value, groups: number): Value => {
    const channels = v.fact.shape?.[1] as number;
    const cut = g.reshape(v, g.ints([2, groups, channels / groups, 5, 7]));
    return g.reshape(g.transpose(cut, g.ints([0, 2, 1, 3, 4])), g.ints([2, channels, 5, 7]));
  };
  const depthwise = (v: Value): Value => {
    const channels = v.fact.shape?.[1] as number;
    const filters = g.constant(random.tensor('f32', [channels, 1, 1, 3, 3], -0.5, 0.5));
    const sums = g.groupConvolution(v, filters, { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] });
    return g.add(sums, g.constant(random.tensor('f32', [1, channels, 1, 1], -0.5, 0.5)));
  };
  const first = conv(x, 5, 4);
  const second = conv(shuffled(first, 5), 4, 17);
  const joined = g.concat([first, conv(depthwise(shuffled(second, 4)), 2, 9), depthwise(shuffled(second, 2)), second], { axis: 1 });
  return new Model({ name: 'shuffle', parameters: [x.node], results: [g.result(conv(joined, 1, 3))], scope: g.scope });
}

test('they are convolutions or steps of one family, without transposes', () => {
  const { plan, rules } = compile(model(), { name: 'avx512', block: 16 });
  expect(rules.get('recognise a shuffle of channels')).toBe(3);
  expect(rules.get('read shuffled channels in place')).toBe(2);
  expect(rules.get('shuffle behind a depthwise convolution')).toBe(1);
  const families = plan.levels.flatMap((l) => l.steps).map((s) => `${s.family} ${s.action}`.trim());
  expect(families.filter((f) => f === 'transpose')).toHaveLength(0);
  expect(families.filter((f) => f === 'conv shuffled')).toHaveLength(2);
  expect(families.filter((f) => f === 'channels shuffle')).toHaveLength(1);
  expect(families.filter((f) => f.startsWith('reorder'))).toHaveLength(2);
});

test('and give what the graph says', () => expectAsInterpreted(model(), size));
