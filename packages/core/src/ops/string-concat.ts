import { broadcastOffsets, broadcastShapes } from '../tensor/nd.js';
import { op, port, string } from './op.js';

/** Two strings one after the other; the inputs broadcast. Spec: ONNX StringConcat-20. */
export const StringConcat = op('StringConcat', {
  domain: 'cuvee',
  inputs: [port('a', string), port('b', string)],
  outputs: [port('output', string)],

  infer: ({ a, b }, _, ctx) => ({ type: 'string', shape: ctx.broadcast(a.shape, b.shape) }),

  evaluate({ a, b }) {
    const shape = broadcastShapes(a.shape, b.shape);
    const [x, y] = [a.data as readonly string[], b.data as readonly string[]];
    const other = broadcastOffsets(b.shape, shape);
    const data = Array.from(broadcastOffsets(a.shape, shape), (at, i) => `${x[at]}${y[other[i] as number]}`);
    return { type: 'string', shape, data };
  },
});
