import { Model } from '../ir/model.js';
import type { Value } from '../ir/node.js';
import { builder, type Builder } from '../opset/index.js';
import { bool, cases, f32, i64 } from './cases.js';

/** A body (turn, carried x) → (condition, next x, collected). */
function model(
  name: string,
  make: (g: Builder, turn: Value, x: Value) => readonly [condition: Value, next: Value, collected: Value],
): Model {
  const g = builder();
  const turn = g.parameter('i64', '[]', `${name}.turn`);
  const x = g.parameter('f32', '?', `${name}.x`);
  const results = make(g, turn, x).map((v) => g.result(v));
  return new Model({ name, parameters: [turn.node, x.node], results, scope: g.scope });
}
const inputs = [
  { external: -1, internal: 0, purpose: 'current_iteration' },
  { external: 2, internal: 1, backEdge: 1 },
];
const outputs = [
  { external: -1, internal: 0, purpose: 'execution_condition' },
  { external: 0, internal: 1 },
  { external: 1, internal: 2, axis: 0, start: 0, end: -1, stride: 1, partSize: 1 },
];

const doubling = {
  body: model('doubling', (g, turn, x) => [
    g.constant('boolean', [], [true]),
    g.add(x, x, {}),
    g.unsqueeze(g.cast(turn, 'f32'), g.ints([0]), {}),
  ]),
  inputs,
  outputs,
};
const growing = {
  body: model('growing', (g, _, x) => [
    g.constant('boolean', [], [true]),
    g.concat([x, g.constant('f32', [1], [0])], { axis: 0 }),
    g.reduceSum(x, g.ints([0]), { keep_dims: true }),
  ]),
  inputs,
  outputs,
};
const stopping = {
  body: model('stopping', (g, turn, x) => [
    g.less(turn, g.constant('i64', [], [1]), {}),
    g.add(x, g.constant('f32', [], [1]), {}),
    g.unsqueeze(g.cast(turn, 'f32'), g.ints([0]), {}),
  ]),
  inputs,
  outputs,
};
const x = f32([2], [1, 2]);
const always = bool([], [true]);

/** A fixed number of turns, a growing value, a condition that stops, no turn at all. */
export default cases('Loop', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    {
      name: 'three turns',
      attributes: doubling,
      inputs: [i64([], [3]), always, x],
      constants: [0, 1],
      outputs: [f32([2], [8, 16]), f32([3], [0, 1, 2])],
    },
    {
      name: 'turns from an input',
      attributes: doubling,
      inputs: [i64([], [2]), always, x],
      constants: [1],
      outputs: [f32([2], [4, 8]), f32([2], [0, 1])],
    },
    {
      name: 'a value that grows',
      attributes: growing,
      inputs: [i64([], [2]), always, x],
      constants: [0, 1],
      outputs: [f32([4], [1, 2, 0, 0]), f32([2], [3, 3])],
    },
    {
      name: 'a condition that stops',
      attributes: stopping,
      inputs: [i64([], [-1]), always, x],
      constants: [0, 1],
      outputs: [f32([2], [3, 4]), f32([2], [0, 1])],
    },
    { name: 'no turn', attributes: doubling, inputs: [i64([], [3]), bool([], [false]), x], outputs: [f32([2], [1, 2]), f32([0], [])] },
  ],
});
