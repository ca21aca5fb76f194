import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import { sameType } from './elementwise.js';
import { add, floorDiv, isAtLeast, sub, type Dim } from '../shape/index.js';
import { CuveeError } from '../errors.js';
import { numberOf, numbersOf, type NdArray } from '../tensor/nd.js';
import { bool } from './attributes.js';
import { halfOf, pairsOf, toPairs, transform, transformGraph } from './fourier.js';
import { floating, index, op, port } from './op.js';
import { counting, over, plus, sizesOf, sizeValue } from './sizes.js';
import { knownScalar } from './top-k.js';

/** The window in the middle of a frame, zeros around it. */
export function centred(window: NdArray, frame: number): number[] {
  const length = window.data.length;
  if (length > frame) throw new CuveeError('ARGUMENT_INVALID', `a window of ${length} is longer than the frame of ${frame}`);
  const left = Math.floor((frame - length) / 2);
  return Array.from({ length: frame }, (_, i) => (i < left || i >= left + length ? 0 : Number(window.data[i - left])));
}

/** A window fits into its frame, where both are known. */
export function requireWindow(ctx: Infer, window: Fact, frame: Fact): void {
  const [length, size] = [window.shape?.[0], knownScalar(frame)];
  if (length !== undefined && size !== undefined) ctx.require('the window is no longer than the frame', isAtLeast(size, length));
}

/**
 * Short-time Fourier transform: the RDFT of every `frame_size` samples, `frame_step` apart, times a window that lies in the middle of
 * the frame. From [samples] or [batch, samples] to [batch, frames, bins, 2], or with `transpose_frames` bins before frames.
 * Spec: OpenVINO STFT-15.
 */
export const STFT = op('STFT', {
  attributes: { transpose_frames: bool(false) },
  inputs: [
    port('signal', floating, [1, 2]),
    port('window', floating, 1),
    port('frame_size', index, 'one'),
    port('frame_step', index, 'one'),
  ],
  outputs: [port('output', floating)],
  since: { opset15: {} },

  infer({ signal, window, frame_size, frame_step }, { transpose_frames }, ctx): Fact {
    const { shape } = signal;
    const type = sameType(ctx, signal, window);
    if (!shape) return { type, shape: undefined };
    if (shape.length < 1 || shape.length > 2) ctx.fail(`the signal must have rank 1 or 2, it has ${shape.length}`);
    requireWindow(ctx, window, frame_size);
    const batch = shape.slice(0, -1);
    const frame = knownScalar(frame_size);
    const step = knownScalar(frame_step);
    const length = shape[shape.length - 1] as Dim;
    const at = batch.length;
    let frames: Dim;
    if (frame === undefined || typeof step !== 'number' || step < 1) frames = ctx.fresh(transpose_frames ? at + 1 : at);
    else {
      ctx.require('the signal is at least one frame long', isAtLeast(length, frame));
      frames = add(floorDiv(sub(length, frame), step), 1);
    }
    const bins = frame === undefined ? ctx.fresh(transpose_frames ? at : at + 1) : halfOf(frame);
    return { type, shape: [...batch, ...(transpose_frames ? [bins, frames] : [frames, bins]), 2] };
  },

  evaluate({ signal, window, frame_size, frame_step }, { transpose_frames }) {
    const frame = numberOf(frame_size);
    const step = numberOf(frame_step);
    const length = signal.shape[signal.shape.length - 1] as number;
    if (length < frame) throw new CuveeError('SHAPE_MISMATCH', `a signal of ${length} has no frame of ${frame}`);
    const batch = signal.shape.slice(0, -1);
    const rows = batch[0] ?? 1;
    const frames = Math.floor((length - frame) / step) + 1;
    const bins = Math.floor(frame / 2) + 1;
    const weights = centred(window, frame);
    const x = numbersOf(signal);
    const cut = {
      shape: [rows, frames, frame],
      re: Float64Array.from({ length: rows * frames * frame }, (_, i) => {
        const [row, f, k] = [Math.floor(i / (frames * frame)), Math.floor(i / frame) % frames, i % frame];
        return (x[row * length + f * step + k] as number) * (weights[k] as number);
      }),
      im: new Float64Array(rows * frames * frame),
    };
    const y = transform(cut, 2, frame, false, bins);
    if (!transpose_frames) return toPairs({ ...y, shape: [...batch, frames, bins] }, signal.type);
    const swap = (a: Float64Array): Float64Array =>
      Float64Array.from(a, (_, i) => {
        const [row, k, f] = [Math.floor(i / (frames * bins)), Math.floor(i / frames) % bins, i % frames];
        return a[(row * frames + f) * bins + k] as number;
      });
    return toPairs({ shape: [...batch, bins, frames], re: swap(y.re), im: swap(y.im) }, signal.type);
  },

  decompose(g, { signal, window, frame_size, frame_step }, { transpose_frames }) {
    const sizes = sizesOf(g, signal);
    const frame = knownScalar(frame_size.fact);
    const step = knownScalar(frame_step.fact);
    const length = sizes?.[sizes.length - 1];
    const given = window.fact.shape?.[0];
    if (length === undefined || typeof frame !== 'number' || typeof step !== 'number' || typeof given !== 'number') return undefined;
    const left = Math.floor((frame - given) / 2);
    const weights =
      given === frame ? window : g.pad(window, g.ints([left]), g.ints([frame - given - left]), undefined, { pad_mode: 'constant' });
    const frames = plus(g, over(g, plus(g, length, -frame), step), 1);
    const starts = g.multiply(g.unsqueeze(counting(g, frames), g.ints([1]), {}), sizeValue(g, step), {});
    const cut = g.gather(signal, g.add(starts, counting(g, frame), {}), g.constant('i64', [], [-1]), {});
    const rank = cut.fact.shape?.length;
    if (rank === undefined) return undefined;
    const parts = transformGraph(g, { re: g.multiply(cut, weights, {}), im: undefined }, rank - 1, undefined, false, true);
    if (!parts) return undefined;
    const order = Array.from({ length: rank }, (_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
    const turn = (v: typeof cut): typeof cut => (transpose_frames ? g.transpose(v, g.ints(order), {}) : v);
    return pairsOf(g, { re: turn(parts.re), im: parts.im && turn(parts.im) });
  },
});
