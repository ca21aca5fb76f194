import { Model } from '../ir/model.js';
import type { Value } from '../ir/node.js';
import { builder, type Builder } from '../opset/index.js';
import { bool, cases, f32 } from './cases.js';

/** A body of one or two f32 parameters of any shape of rank 1. */
function branch(name: string, parameters: number, make: (g: Builder, x: Value, y: Value) => Value): Model {
  const g = builder();
  const args = Array.from({ length: parameters }, (_, i) => g.parameter('f32', '?', `${name}${i}`));
  const out = g.result(make(g, args[0] as Value, args[args.length - 1] as Value));
  return new Model({ name, parameters: args.map((v) => v.node), results: [out], scope: g.scope });
}

const attributes = {
  then_body: branch('sum', 2, (g, x, y) => g.add(x, y, {})),
  then_inputs: [
    { external: 1, internal: 0 },
    { external: 2, internal: 1 },
  ],
  then_outputs: [{ external: 0, internal: 0 }],
  else_body: branch('joined', 2, (g, x, y) => g.concat([x, y], { axis: 0 })),
  else_inputs: [
    { external: 1, internal: 1 },
    { external: 2, internal: 0 },
  ],
  else_outputs: [{ external: 0, internal: 0 }],
};
const x = f32([2], [1, 2]);
const y = f32([2], [10, 20]);

/** Both branches, of different shapes, with the condition known and not. */
export default cases('If', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    { name: 'true', attributes, inputs: [bool([], [true]), x, y], outputs: [f32([2], [11, 22])] },
    { name: 'false', attributes, inputs: [bool([], [false]), x, y], outputs: [f32([4], [10, 20, 1, 2])] },
    { name: 'known to be false', attributes, inputs: [bool([1], [false]), x, y], constants: [0], outputs: [f32([4], [10, 20, 1, 2])] },
  ],
});
