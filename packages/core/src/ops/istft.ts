import type { Fact } from '../ir/fact.js';
import { sameType } from './elementwise.js';
import { add, bounds, floorDiv, mul, sub, type Dim, isAtLeast } from '../shape/index.js';
import { numberOf, zeros } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { fromHalf, fromHalfGraph, fromPairs, partsOf, requirePairs } from './fourier.js';
import { floating, index, op, optional, port } from './op.js';
import { counting, plus, reshaped, shapeValue, sizesOf, times, type Size } from './sizes.js';
import { centred, requireWindow } from './stft.js';
import { knownScalar } from './top-k.js';

/**
 * The signal whose short-time Fourier transform is the data, [bins, frames, 2] with or without a batch in front: frames are transformed
 * back, windowed, added where they overlap, and divided by the sum of the squared windows.
 *
 * `center`: the first half frame was padding and is cut. `normalized`: the transform was divided by √frame_size. `signal_length` cuts the
 * result or fills it with zeros.
 * Spec: OpenVINO ISTFT-16.
 */
export const ISTFT = op('ISTFT', {
  attributes: { center: bool(false), normalized: bool(false) },
  inputs: [
    port('data', floating, [3, 4]),
    port('window', floating, 1),
    port('frame_size', index, 'one'),
    port('frame_step', index, 'one'),
    optional('signal_length', index, 'one'),
  ],
  outputs: [port('signal', floating)],
  since: { opset16: {} },

  infer({ data, window, frame_size, frame_step, signal_length }, { center }, ctx): Fact {
    const { shape } = data;
    if (!shape) return { type: data.type, shape: undefined };
    if (shape.length < 3 || shape.length > 4) ctx.fail(`the data must have rank 3 or 4, it has ${shape.length}`);
    const batch = shape.slice(0, -3);
    requireWindow(ctx, window, frame_size);
    requirePairs(ctx, shape);
    const type = sameType(ctx, data, window);
    ctx.require('there is a frame', isAtLeast(shape[shape.length - 2] as Dim, 1));
    const given = signal_length && knownScalar(signal_length);
    if (given !== undefined && bounds(given)[0] >= 0) return { type, shape: [...batch, given] };
    const frame = knownScalar(frame_size);
    const step = knownScalar(frame_step);
    if (signal_length || frame === undefined || step === undefined) return { type, shape: [...batch, ctx.fresh(batch.length)] };
    const whole = add(mul(sub(shape[batch.length + 1] as Dim, 1), step), frame);
    return { type, shape: [...batch, center ? sub(whole, mul(2, floorDiv(frame, 2))) : whole] };
  },

  evaluate({ data, window, frame_size, frame_step, signal_length }, { center, normalized }) {
    const frame = numberOf(frame_size);
    const step = numberOf(frame_step);
    const batch = data.shape.slice(0, -3);
    const rows = batch[0] ?? 1;
    const [bins, frames] = data.shape.slice(-3) as [number, number];
    const x = fromPairs(data);
    const pieces = fromHalf({ ...x, shape: [rows, bins, frames] }, 1, frame).re;
    const weights = centred(window, frame);
    const whole = (frames - 1) * step + frame;
    const margin = center ? Math.floor(frame / 2) : 0;
    const length = signal_length ? numberOf(signal_length) : whole - 2 * margin;
    const squares = new Float64Array(whole);
    for (let f = 0; f < frames; f++)
      weights.forEach((w, k) => {
        (squares[f * step + k] as number) += w * w;
      });
    const out = zeros(data.type, [...batch, length]);
    const scale = normalized ? Math.sqrt(frame) : 1;
    for (let row = 0; row < rows; row++) {
      const sum = new Float64Array(whole);
      for (let f = 0; f < frames; f++)
        weights.forEach((w, k) => {
          (sum[f * step + k] as number) += w * (pieces[(row * frame + k) * frames + f] as number);
        });
      for (let i = 0; i < Math.min(length, whole - margin); i++) {
        const square = squares[i + margin] as number;
        (out.data as Float32Array)[row * length + i] = square === 0 ? 0 : (scale * (sum[i + margin] as number)) / square;
      }
    }
    return out;
  },

  /** Windowed frames are scattered onto zeros where they belong, and so are the squares of the window. */
  decompose(g, { data, window, frame_size, frame_step, signal_length }, { center, normalized }) {
    const sizes = sizesOf(g, data);
    const frame = knownScalar(frame_size.fact);
    const step = knownScalar(frame_step.fact);
    const length = signal_length && knownScalar(signal_length.fact);
    const given = window.fact.shape?.[0];
    if (
      !sizes ||
      typeof frame !== 'number' ||
      typeof step !== 'number' ||
      typeof given !== 'number' ||
      (signal_length && typeof length !== 'number')
    )
      return undefined;
    const batched = sizes.length === 4;
    const [rows, , frames] = (batched ? sizes : [1, ...sizes]) as [Size, Size, Size];
    const left = Math.floor((frame - given) / 2);
    const weights =
      given === frame ? window : g.pad(window, g.ints([left]), g.ints([frame - given - left]), undefined, { pad_mode: 'constant' });
    const pieces = fromHalfGraph(g, partsOf(g, batched ? data : g.unsqueeze(data, g.ints([0]))), 1, frame);
    if (!pieces) return undefined;
    const windowed = g.multiply(g.transpose(pieces, g.ints([2, 1, 0])), g.unsqueeze(weights, g.ints([1])));
    const starts = g.multiply(counting(g, frames), g.ints([step]));
    const places = g.reshape(g.add(g.unsqueeze(starts, g.ints([1])), counting(g, frame)), g.ints([-1, 1]));
    const whole = plus(g, times(g, plus(g, frames, -1), step), frame);
    const zero = g.scalar(0, data);
    const sums = g.scatterNDUpdate(
      g.broadcast(zero, shapeValue(g, [whole, rows]), undefined),
      places,
      reshaped(g, windowed, [times(g, frames, frame), rows]),
      { reduction: 'sum' },
    );
    const squares = g.broadcast(g.multiply(weights, weights), shapeValue(g, [frames, frame]), undefined);
    const covered = g.scatterNDUpdate(
      g.broadcast(zero, shapeValue(g, [whole, 1]), undefined),
      places,
      g.reshape(squares, g.ints([-1, 1])),
      { reduction: 'sum' },
    );
    const divided = g.divide(sums, g.select(g.equal(covered, zero), g.scalar(1, data), covered));
    const scaled = normalized ? g.multiply(divided, g.scalar(Math.sqrt(frame), data)) : divided;
    const signal = g.transpose(scaled, g.ints([1, 0]));
    const margin = center ? Math.floor(frame / 2) : 0;
    const filled =
      typeof length === 'number' ? g.concat([signal, g.broadcast(zero, shapeValue(g, [rows, length]), undefined)], { axis: 1 }) : signal;
    const stop = typeof length === 'number' ? margin + length : plus(g, whole, -margin);
    const cut = g.slice(filled, g.ints([margin]), shapeValue(g, [stop]), g.ints([1]), g.ints([1]));
    return batched ? cut : g.squeeze(cut, g.ints([0]));
  },
});
