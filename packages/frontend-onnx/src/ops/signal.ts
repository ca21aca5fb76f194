/** Fourier transforms and windows. Complex numbers are a last axis of 2. */
import type { Value } from '@cuvee/core';
import { axisOf, dimOf, listOf, numberOf, rankOf, scalarOf } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

/** DFT-17 has the axis as attribute, 20 as input. One-sided: of a real signal its first half; inverted, back to real. */
export const DFT: OnnxOp = (node) => {
  const {
    g,
    inputs: [x, length, axisInput],
    attr,
    version,
  } = node;
  const rank = rankOf(node, x);
  const given = version < 20 ? attr.int('axis', 1) : axisInput ? numberOf(axisInput) : -2;
  const axes = given === undefined ? positive(node, axisInput as Value, rank) : g.ints([axisOf(node, given, rank)]);
  const size = length && g.cast(listOf(g, length), 'i64');
  const real = dimOf(x, -1) === 1,
    half = attr.bool('onesided');
  const last = g.ints([-1]);
  if (attr.bool('inverse')) {
    if (half) return g.unsqueeze(g.irdft(x, axes, size), last);
    return g.idft(real ? complex(node, x) : x, axes, size);
  }
  if (!half) return g.dft(real ? complex(node, x) : x, axes, size);
  if (!real) throw node.unsupported('one half of the transform of a complex signal');
  return g.rdft(g.squeeze(x, last), axes, size);
};

/** A 1-D tensor of one axis counted from the front. */
function positive({ g }: OnnxNode, axis: Value, rank: number): Value {
  const wide = g.cast(listOf(g, axis), 'i64'),
    zero = g.constant('i64', [], [0]);
  return g.select(g.less(wide, zero), g.add(wide, g.constant('i64', [], [rank])), wide);
}

/** Real numbers with an imaginary part of 0. */
const complex = ({ g }: OnnxNode, x: Value): Value => g.concat([x, g.multiply(x, g.scalar(0, x))], { axis: -1 });

/** Transforms of overlapping frames: [batch, frames, bins, 2] from [batch, length, 1]. */
export const STFT: OnnxOp<2> = (node) => {
  const {
    g,
    inputs: [signal, step, window, length],
    attr,
  } = node;
  if (!attr.bool('onesided', true)) throw node.unsupported('both halves of the spectrum');
  if (dimOf(signal, 2) === 2) throw node.unsupported('a complex signal');
  const x = rankOf(node, signal) === 3 ? g.squeeze(signal, g.ints([2])) : signal;
  const size = length ? scalarOf(g, length) : window && g.squeeze(g.shapeOf(window, { output_type: 'i64' }), g.ints([0]));
  if (!size) throw node.invalid('neither a window nor a frame length is given');
  const flat = window ?? g.broadcast(g.scalar(1, x), g.unsqueeze(g.cast(size, 'i64'), g.ints([0])), undefined, { mode: 'numpy' });
  return g.stft(x, flat, g.cast(size, 'i64'), g.cast(scalarOf(g, step), 'i64'), { transpose_frames: false });
};

/** a₀ - a₁ cos(2πn/N) + a₂ cos(4πn/N), with N the size, or, not `periodic`, one less. */
const window =
  (a0: number, a1: number, a2: number): OnnxOp =>
  (node) => {
    const {
      g,
      inputs: [size],
      attr,
    } = node;
    const f32 = (n: number): Value => g.constant('f32', [], [n]);
    const count = g.cast(scalarOf(g, size), 'i64');
    const n = g.cast(g.range(g.constant('i64', [], [0]), count, g.constant('i64', [], [1]), { output_type: 'i64' }), 'f32');
    const period = g.subtract(g.cast(count, 'f32'), f32(attr.bool('periodic', true) ? 0 : 1));
    const angle = g.divide(g.multiply(n, f32(2 * Math.PI)), period);
    const first = g.subtract(f32(a0), g.multiply(f32(a1), g.cos(angle)));
    const y = a2 === 0 ? first : g.add(first, g.multiply(f32(a2), g.cos(g.multiply(angle, f32(2)))));
    return g.cast(y, attr.elementType('output_datatype', 'f32'));
  };
export const HannWindow = window(0.5, 0.5, 0);
export const HammingWindow = window(25 / 46, 21 / 46, 0);
export const BlackmanWindow = window(0.42, 0.5, 0.08);
