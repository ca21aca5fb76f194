/** @file Steps that change elements: type, mean, scale, clamp, colours, steps of the user's own. */
import { CuveeError } from '../errors.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import { bitsOf, isFloat, type ElementType } from '../tensor/element.js';
import { convertColor, reverseChannels, type ColorFormat } from './color.js';
import type { Layout } from './layout.js';
import { channelAxis, rankOf, single, type State, type Step, type Target } from './state.js';

/** Another element type, as Convert does; the target's when none is given. */
export function toType(type?: ElementType): Step {
  const apply = (g: Builder, state: State, target: Target): State => {
    const wanted = type ?? target.type;
    return wanted ? { ...state, planes: state.planes.map((v) => converted(g, v, wanted)) } : state;
  };
  return { name: `convert type (${type ?? 'of the target'})`, apply };
}

function converted(g: Builder, value: Value, type: ElementType): Value {
  if (value.fact.type === type) return value;
  if (bitsOf(type) === 0 || bitsOf(value.fact.type) === 0)
    throw new CuveeError('ARGUMENT_INVALID', `can't convert element type ${value.fact.type} to ${type}`);
  return g.convert(value, { destination_type: type });
}

/** One number for all elements, or one for each channel, as a constant that broadcasts to the tensor. */
function perChannel(g: Builder, value: Value, layout: Layout, numbers: readonly number[], what: string): Value {
  const { type } = value.fact;
  if (!isFloat(type))
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `${what} can be applied to 'float' inputs, this one is ${type}: consider convertElementType before ${what}`,
    );
  if (numbers.length === 1) return g.constant(type, [1], numbers);
  const axis = channelAxis(value, layout, what);
  const channels = value.fact.shape?.[axis];
  if (typeof channels === 'number' && channels !== numbers.length)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `${what}: number of channels and values mismatch: channels = ${channels}, values = ${numbers.length}, shape = ${value.partialShape}, layout = ${layout}`,
    );
  const shape = Array.from({ length: rankOf(value, what) }, (_, i) => (i === axis ? numbers.length : 1));
  return g.constant(type, shape, numbers);
}

/** x − mean, of floats. */
export const mean = (numbers: readonly number[]): Step => ({
  name: `mean (${numbers.join(',')})`,
  apply: (g, state) => {
    const value = single(state, 'subtract a mean from');
    return { ...state, planes: [g.subtract(value, perChannel(g, value, state.layout, numbers, 'mean'))] };
  },
});

/** x / scale, of floats. */
export const scale = (numbers: readonly number[]): Step => ({
  name: `scale (${numbers.join(',')})`,
  apply: (g, state) => {
    const value = single(state, 'scale');
    return { ...state, planes: [g.divide(value, perChannel(g, value, state.layout, numbers, 'scale'))] };
  },
});

/** min(max(x, low), high). */
export const clamp = (low: number, high: number): Step => ({
  name: `clamp (${low}, ${high})`,
  apply: (g, state) => ({ ...state, planes: [g.clamp(single(state, 'clamp'), { min: low, max: high })] }),
});

export const toColor = (color: ColorFormat): Step => ({
  name: `convert color (${color})`,
  apply: (g, state) => ({ ...state, planes: convertColor(g, state.planes, state.layout, state.color, color), color }),
});

export const backwards = (): Step => ({
  name: 'reverse channels',
  apply: (g, state) => ({ ...state, planes: [reverseChannels(g, single(state, 'reverse channels of'), state.layout)] }),
});

/** A step of the user's own: the value so far in, and the value that takes its place out, made with the builder. */
export type CustomStep = (value: Value, g: Builder) => Value;

const isValue = (x: unknown): x is Value => typeof x === 'object' && x !== null && 'node' in x && 'fact' in x;

export const custom = (step: CustomStep): Step => ({
  name: 'custom',
  apply: (g, state) => {
    const made: unknown = step(single(state, 'apply a custom step to'), g);
    if (isValue(made)) return { ...state, planes: [made] };
    throw new CuveeError('ARGUMENT_INVALID', `a custom step must return an output of the graph, got ${String(made)}`);
  },
});
