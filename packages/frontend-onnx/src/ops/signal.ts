/** Fourier transforms and windows. Complex numbers are a last axis of 2. */
import type { Builder, Value } from '@cuvee/core';
import { axisOf, counting, dimOf, f32, i64, like, listOf, numberOf, rankOf, scalarOf, sliced } from '../build.js';
import type { OnnxNode, OnnxOp } from '../node.js';

/** DFT-17 has the axis as attribute, 20 as input. One-sided: of a real signal its first half; inverted, back to real. */
export const DFT: OnnxOp = (node) => {
  const { g, attr } = node;
  const [x, length] = node.inputs;
  const axes = transformed(node, rankOf(node, x));
  const size = length && g.cast(listOf(g, length), 'i64');
  const [inverse, half] = [attr.bool('inverse'), attr.bool('onesided')];
  if (inverse && half) return g.unsqueeze(g.irdft(x, axes, size), g.ints([-1]));
  if (!half) return g[inverse ? 'idft' : 'dft'](complex(node, x), axes, size);
  if (dimOf(x, -1) === 2) throw node.unsupported('one half of the transform of a complex signal');
  return g.rdft(g.squeeze(x, g.ints([-1])), axes, size);
};

/** The axis, counted from the front, as a 1-D tensor. */
function transformed(node: OnnxNode, rank: number): Value {
  const { g, version } = node;
  const input = version < 20 ? undefined : node.inputs[2];
  const known = input ? numberOf(input) : version < 20 ? node.attr.int('axis', 1) : -2;
  if (known !== undefined) return g.ints([axisOf(node, known, rank)]);
  const wide = g.cast(listOf(g, input as Value), 'i64');
  return g.select(g.less(wide, i64(g, 0)), g.add(wide, i64(g, rank)), wide);
}

/** Real numbers with an imaginary part of 0; complex ones as they are. */
function complex({ g }: OnnxNode, x: Value): Value {
  const parts = dimOf(x, -1);
  if (parts === 2) return x;
  const both = g.concat([x, g.multiply(x, g.scalar(0, x))], { axis: -1 });
  return parts === 1 ? both : sliced(g, both, -1, 0, 2);
}

/** Transforms of overlapping frames: [batch, frames, bins, 2] from [batch, length, 1]. */
export const STFT: OnnxOp<2> = (node) => {
  const { g, attr } = node;
  const [signal, step, window, length] = node.inputs;
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
    const { g, attr } = node;
    const [size] = node.inputs;
    const count = g.cast(scalarOf(g, size), 'i64');
    const n = g.cast(counting(g, count), 'f32');
    const period = g.subtract(g.cast(count, 'f32'), f32(g, attr.bool('periodic', true) ? 0 : 1));
    const angle = g.divide(g.multiply(n, f32(g, 2 * Math.PI)), period);
    const first = g.subtract(f32(g, a0), g.multiply(f32(g, a1), g.cos(angle)));
    const y = a2 === 0 ? first : g.add(first, g.multiply(f32(g, a2), g.cos(g.multiply(angle, f32(g, 2)))));
    return g.cast(y, attr.elementType('output_datatype', 'f32'));
  };
export const HannWindow = window(0.5, 0.5, 0);
export const HammingWindow = window(25 / 46, 21 / 46, 0);
export const BlackmanWindow = window(0.42, 0.5, 0.08);

/** Places of mel bands among the bins of a spectrum: `bands` + 2 of them at equal steps of the mel scale, whole numbers as f64. */
function bandEdges(node: OnnxNode<5>): Value {
  const { g } = node;
  const [bands, length, rate, ...edges] = node.inputs.map((x) => scalarOf(g, x as Value)) as [Value, Value, Value, ...Value[]];
  const f64 = (n: number): Value => g.constant('f64', [], [n]);
  const wide = (x: Value): Value => g.cast(x, 'f64');
  // mel = 2595 log₁₀(1 + Hz / 700)
  const steepness = 2595 / Math.LN10;
  const [low, high] = edges.map((hertz) => g.multiply(g.log(g.add(g.divide(wide(hertz), f64(700)), f64(1))), f64(steepness))) as [
    Value,
    Value,
  ];
  const count = g.add(g.cast(bands, 'i64'), i64(g, 2));
  const mel = g.add(g.multiply(wide(counting(g, count)), g.divide(g.subtract(high, low), wide(count))), low);
  const hertz = g.multiply(g.subtract(g.exp(g.divide(mel, f64(steepness))), f64(1)), f64(700));
  return g.floor(g.divide(g.multiply(hertz, g.add(wide(length), f64(1))), wide(rate)));
}

/** [bins, bands]: triangles that rise from one edge of the mel scale to the next, and fall to the one behind it. */
export const MelWeightMatrix: OnnxOp<5> = (node) => {
  const { g } = node;
  const [, length] = node.inputs;
  const edges = bandEdges(node);
  const [lower, centre, upper] = [0, 1, 2].map((i) => sliced(g, edges, 0, i, i === 2 ? Number.MAX_SAFE_INTEGER : i - 2)) as [
    Value,
    Value,
    Value,
  ];
  const bins = g.add(g.divide(g.cast(scalarOf(g, length), 'i64'), i64(g, 2), { m_pythondiv: true }), i64(g, 1));
  const bin = g.unsqueeze(g.cast(counting(g, bins), 'f64'), g.ints([1]));
  return g.cast(triangle(g, bin, lower, centre, upper), node.attr.elementType('output_datatype', 'f32'));
};

/** From 0 at `lower` to 1 at `centre`, and towards 0 at `upper`; where two of them are equal, 1 at `centre` alone. */
function triangle(g: Builder, x: Value, lower: Value, centre: Value, upper: Value): Value {
  const [zero, one] = [like(g, x, 0), like(g, x, 1)];
  const ratio = (part: Value, whole: Value): Value => g.divide(part, g.maximum(whole, one));
  const flat = g.equal(lower, centre);
  const rise = g.select(flat, one, ratio(g.subtract(x, lower), g.subtract(centre, lower)));
  const rising = g.logicalAnd(g.greaterEqual(x, lower), g.lessEqual(x, centre));
  const falling = g.logicalAnd(g.greaterEqual(x, centre), g.less(x, upper));
  return g.select(falling, ratio(g.subtract(upper, x), g.subtract(upper, centre)), g.select(rising, rise, zero));
}
