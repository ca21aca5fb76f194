import { text } from './attributes.js';
import { any, current, op, port } from './op.js';

/** Gives a variable the value that ReadValue answers in the next run; passes it on. Spec: OpenVINO Assign-6. */
export const Assign = op('Assign', {
  attributes: { variable_id: text() },
  inputs: [port('value', any)],
  outputs: [port('output', any)],
  since: { opset3: current, opset6: current },
  infer: ({ value }) => value,
  evaluate({ value }, { variable_id }, ctx) {
    ctx.assign(variable_id, value);
    return value;
  },
  traits: { impure: true, variable: 'write' },
});
