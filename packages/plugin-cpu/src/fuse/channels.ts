/** @file Constants with one element a channel: what epilogues are made of. */
import { Literal, type Builder, type Value } from '@cuvee/core';
import type { Fused } from '../ops/fused.js';

/** A constant as [channels], when it broadcasts along the channel axis of `f` alone. */
export const perChannel = (g: Builder, f: Fused, v: Value): Value | undefined =>
  alongAxis(g, v, f.node.output.fact.shape?.length ?? 0, f.channelAxis, f.channels);

/** Whether `perChannel` can take it. */
export const fits = (f: Fused, v: Value): boolean => spreads(v, f.node.output.fact.shape?.length ?? 0, f.channelAxis, f.channels);

/** Whether a constant is one number, or broadcasts along the axis alone, of so many channels, of a tensor of that rank. */
function spreads({ fact: { type, shape } }: Value, rank: number, along: number, channels: number | undefined): boolean {
  if (!shape || channels === undefined || type !== 'f32' || shape.length > rank) return false;
  const at = along - rank + shape.length;
  let alone = true;
  for (let i = 0; i < shape.length; i++) if (i !== at && shape[i] !== 1) alone = false;
  return alone && (at < 0 || shape[at] === 1 || shape[at] === channels);
}

/** A constant as [channels], when it spreads so. */
export function alongAxis(g: Builder, v: Value, rank: number, along: number, channels: number | undefined): Value | undefined {
  if (channels === undefined || !spreads(v, rank, along, channels)) return undefined;
  const data = elementsIn(v);
  if ((v.fact.shape?.[along - rank + v.fact.shape.length] ?? 1) !== 1)
    return data ? channelArray(g, data) : g.reshape(v, g.ints([channels]));
  if (data) return channelArray(g, new Float32Array(channels).fill(data[0] as number));
  return g.broadcast(g.reshape(v, g.ints([1])), g.ints([channels]), undefined);
}

const channelArray = (g: Builder, values: Float32Array): Value => g.constant(Literal.of('f32', [values.length], values));
/** One number for each channel of `f`. */
export const filled = (g: Builder, f: Fused, value: number): Value => channelArray(g, new Float32Array(f.channels as number).fill(value));
/** Element by element; what is absent changes nothing. Plain loops, for an engine that has not warmed up. */
function combined(
  g: Builder,
  a: Value | undefined,
  b: Value | undefined,
  here: (out: Float32Array, by: Float32Array) => void,
  there: (x: Value, y: Value) => Value,
): Value | undefined {
  if (!a || !b) return a ?? b;
  const x = elementsIn(a);
  const y = elementsIn(b);
  if (!x || !y) return there(a, b);
  const out = x.slice();
  here(out, y);
  return channelArray(g, out);
}
/** The numbers of a literal; undefined for what is computed later. */
export const elementsIn = (v: Value): Float32Array | undefined => v.fact.value?.nd().data as Float32Array | undefined;

function multiplyBy(out: Float32Array, by: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) * (by[i] as number);
}
function increaseBy(out: Float32Array, by: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + (by[i] as number);
}
/** a·b; what is absent is one. */
export const times = (g: Builder, a: Value | undefined, b: Value | undefined): Value | undefined =>
  combined(g, a, b, multiplyBy, (x, y) => g.multiply(x, y));
/** a + b; what is absent is zero. */
export const plus = (g: Builder, a: Value | undefined, b: Value | undefined): Value | undefined =>
  combined(g, a, b, increaseBy, (x, y) => g.add(x, y));
