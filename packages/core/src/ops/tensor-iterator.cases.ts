import { Model } from '../ir/model.js';
import { builder } from '../opset/index.js';
import { cases, f32 } from './cases.js';

/** Running sums over the parts of the first input. */
function sums(): Model {
  const g = builder();
  const part = g.parameter('f32', '?,?', 'part');
  const sum = g.parameter('f32', '?,?', 'sum');
  const next = g.add(sum, g.reduceSum(part, g.ints([1]), { keep_dims: true }), {});
  return new Model({ name: 'sums', parameters: [part.node, sum.node], results: [g.result(next)], scope: g.scope });
}
const attributes = (stride: number, partSize: number): Record<string, unknown> => {
  const range = stride > 0 ? { start: 0, end: -1 } : { start: -1, end: 0 };
  return {
    body: sums(),
    inputs: [
      { external: 0, internal: 0, axis: 1, ...range, stride, partSize },
      { external: 1, internal: 1, backEdge: 0 },
    ],
    outputs: [
      { external: 0, internal: 0 },
      { external: 1, internal: 0, axis: 1, ...range, stride: Math.sign(stride), partSize: 1 },
    ],
  };
};
const x = f32([1, 4], [1, 2, 3, 4]);
const zero = f32([1, 1], [0]);

/** Forwards, backwards, two places at a time. */
export default cases('TensorIterator', {
  tolerance: { rtol: 1e-6, atol: 0 },
  named: [
    { name: 'forwards', attributes: attributes(1, 1), inputs: [x, zero], outputs: [f32([1, 1], [10]), f32([1, 4], [1, 3, 6, 10])] },
    { name: 'backwards', attributes: attributes(-1, 1), inputs: [x, zero], outputs: [f32([1, 1], [10]), f32([1, 4], [10, 9, 7, 4])] },
    { name: 'pairs', attributes: attributes(2, 2), inputs: [x, zero], outputs: [f32([1, 1], [10]), f32([1, 2], [3, 10])] },
  ],
});
