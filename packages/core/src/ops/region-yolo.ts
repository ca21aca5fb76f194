import { mul, type Dim } from '../shape/index.js';
import { emptyElements } from '../tensor/convert.js';
import { normalizeAxis } from '../tensor/nd.js';
import { bool, floats, int, ints } from './attributes.js';
import { floating, op, port } from './op.js';
import { reshaped, sizesOf, times, type Size } from './sizes.js';

/**
 * YOLO's region layer: of each box (coords, confidence, classes) the centre and the confidence go through the logistic function.
 *
 * With `do_softmax` there are `num` boxes, classes go through softmax, and the axes from `axis` to `end_axis` become one; without it
 * there are as many boxes as `mask` lists, and classes go through the logistic function. Spec: OpenVINO RegionYolo-1.
 */
export const RegionYolo = op('RegionYolo', {
  attributes: {
    anchors: floats([]),
    axis: int(),
    coords: int(),
    classes: int(),
    end_axis: int(),
    num: int(),
    do_softmax: bool(true),
    mask: ints([]),
  },
  inputs: [port('data', floating)],
  outputs: [port('output', floating)],

  infer({ data }, { axis, end_axis, classes, coords, num, do_softmax, mask }, ctx) {
    if (!data.shape) return { type: data.type, shape: undefined };
    if (data.shape.length !== 4) return ctx.fail('data must have four axes');
    const [n, c, h, w] = data.shape as readonly [Dim, Dim, Dim, Dim];
    ctx.requireEqual('the channels and the numbers of all regions', c, (classes + coords + 1) * (do_softmax ? num : mask.length));
    if (!do_softmax) return { type: data.type, shape: [n, (classes + coords + 1) * mask.length, h, w] };
    const [from, to] = [normalizeAxis(axis, 4), normalizeAxis(end_axis, 4)];
    if (from > to) return ctx.fail(`axis ${axis} lies behind end_axis ${end_axis}`);
    return {
      type: data.type,
      shape: [...data.shape.slice(0, from), data.shape.slice(from, to + 1).reduce((a, b) => mul(a, b)), ...data.shape.slice(to + 1)],
    };
  },

  evaluate({ data }, { axis, end_axis, classes, coords, num, do_softmax, mask }) {
    const [batch, channels, height, width] = data.shape as [number, number, number, number];
    const boxes = do_softmax ? num : mask.length;
    const [plane, entry] = [height * width, classes + coords + 1];
    const out = emptyElements(data.type, data.data.length) as Float32Array;
    out.set(data.data as Float32Array);
    const logistic = (at: number): void => {
      out[at] = 1 / (1 + Math.exp(-(data.data[at] as number)));
    };
    for (let b = 0; b < batch; b++) {
      for (let box = 0; box < boxes; box++) {
        const start = b * channels * plane + box * entry * plane;
        for (let p = 0; p < plane; p++) {
          logistic(start + p);
          logistic(start + plane + p);
          logistic(start + coords * plane + p);
          const scores = Array.from({ length: classes }, (_, k) => start + (coords + 1 + k) * plane + p);
          if (!do_softmax) {
            scores.forEach(logistic);
            continue;
          }
          const top = scores.reduce((m, at) => Math.max(m, data.data[at] as number), Number.NEGATIVE_INFINITY);
          const sum = scores.reduce((s, at) => s + Math.exp((data.data[at] as number) - top), 0);
          for (const at of scores) out[at] = Math.exp((data.data[at] as number) - top) / sum;
        }
      }
    }
    if (!do_softmax) return { type: data.type, shape: [batch, entry * boxes, height, width], data: out };
    const [from, to] = [normalizeAxis(axis, 4), normalizeAxis(end_axis, 4)];
    return {
      type: data.type,
      shape: [...data.shape.slice(0, from), data.shape.slice(from, to + 1).reduce((x, y) => x * y, 1), ...data.shape.slice(to + 1)],
      data: out,
    };
  },

  decompose(g, { data }, { axis, end_axis, classes, coords, num, do_softmax, mask }) {
    const boxes = do_softmax ? num : mask.length;
    const entry = classes + coords + 1;
    const sizes = sizesOf(g, data);
    if (!sizes || coords < 2 || classes < 1 || boxes < 1) return undefined;
    const [batch, channels, height, width] = sizes as [Size, Size, Size, Size];
    if (typeof channels === 'number' ? channels < boxes * entry : data.fact.shape?.[1] === undefined) return undefined;
    const known = channels === boxes * entry ? data : g.slice(data, g.ints([0]), g.ints([boxes * entry]), g.ints([1]), g.ints([1]));
    const area = times(g, height, width);
    const split = g.variadicSplit(reshaped(g, known, [batch, boxes, entry, area]), g.scalar(2, 'i64'), g.ints([2, coords - 2, 1, classes]));
    const [centre, size, confidence, scores] = split as [typeof data, typeof data, typeof data, typeof data];
    const parts = [g.sigmoid(centre), size, g.sigmoid(confidence), do_softmax ? g.softmax(scores, { axis: 2 }) : g.sigmoid(scores)];
    const whole = reshaped(g, g.concat(parts, { axis: 2 }), [batch, boxes * entry, height, width]);
    if (!do_softmax) return whole;
    // Channels behind the last box stay as they are.
    const all =
      known === data
        ? whole
        : g.concat([whole, g.slice(data, g.ints([boxes * entry]), g.ints([2 ** 31 - 1]), g.ints([1]), g.ints([1]))], { axis: 1 });
    const [from, to] = [normalizeAxis(axis, 4), normalizeAxis(end_axis, 4)];
    return reshaped(g, all, [...sizes.slice(0, from), sizes.slice(from, to + 1).reduce((x, y) => times(g, x, y)), ...sizes.slice(to + 1)]);
  },
});
