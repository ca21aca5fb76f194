import { emptyElements } from '../tensor/convert.js';
import { normalizeAxis, sizeOf } from '../tensor/nd.js';
import { elementType, int } from './attributes.js';
import { isWide } from './elementwise.js';
import { lowest } from './limits.js';
import { current, numeric, op, only, port } from './op.js';
import { planWindows, pooledShape, poolingAttributes, windowAxes } from './pooling.js';

const { dilations: _dilations, ...undilated } = poolingAttributes;

/**
 * The largest element of each window of [N, C, spatial…] data, and where it lies: its flat index within the axes from `axis` on.
 * Padding counts as the lowest value and never wins an index; of equal elements the first one does.
 * MaxPool-1 has no indices and no dilations.
 * Spec: OpenVINO MaxPool-14.
 */
export const MaxPool = op('MaxPool', {
  attributes: { ...poolingAttributes, index_element_type: elementType('i64'), axis: int(0) },
  inputs: [port('data', numeric)],
  outputs: [port('output', numeric), port('indices', only('i32', 'i64'))],
  since: {
    opset1: { attributes: undilated, rebuild: (g, [data], attributes) => g.node('MaxPool', [data], attributes).slice(0, 1) },
    opset8: {},
    opset14: current,
  },

  infer({ data }, attributes, ctx) {
    const shape = pooledShape(ctx, data.shape, attributes);
    return [
      { type: data.type, shape },
      { type: attributes.index_element_type, shape },
    ];
  },

  evaluate({ data }, attributes) {
    const [n, c, ...spatial] = data.shape as [number, number, ...number[]];
    const { size, list } = planWindows(spatial, attributes);
    const count = n * c * list.length;
    const out = emptyElements(data.type, count) as unknown as (number | bigint)[];
    const indices = emptyElements(attributes.index_element_type, count) as unknown as (number | bigint)[];
    const plane = sizeOf(spatial);
    const within = Math.max(1, sizeOf(data.shape.slice(normalizeAxis(attributes.axis, data.shape.length))));
    const none = isWide(data.type) ? lowest(data.type).bigint : lowest(data.type).number;
    const index = (i: number): number | bigint => (isWide(attributes.index_element_type) ? BigInt(i) : i);
    for (let p = 0; p < n * c; p++) {
      list.forEach(({ inside }, i) => {
        let best = none;
        let at = 0;
        inside.forEach((offset, k) => {
          const x = data.data[p * plane + offset] as number | bigint;
          if (k === 0 || x > best) {
            best = x;
            at = p * plane + offset;
          }
        });
        out[p * list.length + i] = best;
        indices[p * list.length + i] = index(at % within);
      });
    }
    const shape = [n, c, ...size];
    return [
      { type: data.type, shape, data: out as never },
      { type: attributes.index_element_type, shape, data: indices as never },
    ];
  },

  traits: { mixes: windowAxes },
});
