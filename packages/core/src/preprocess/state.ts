/** @file What a step of preprocessing sees and leaves behind. */
import { CuveeError } from '../errors.js';
import type { Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import type { PartialShape } from '../shape/index.js';
import type { ElementType } from '../tensor/element.js';
import type { ColorFormat } from './color.js';
import type { Layout } from './layout.js';

/** A picture or tensor on its way: one value, or one for each plane. */
export interface State {
  readonly planes: readonly Value[];
  readonly layout: Layout;
  readonly color: ColorFormat;
}

/** Where the steps lead: the model's own input, or the user's output tensor. */
export interface Target {
  readonly layout: Layout;
  readonly type: ElementType | undefined;
  readonly shape: PartialShape | undefined;
}

/** One step: its name for messages and what it does. */
export interface Step {
  readonly name: string;
  readonly apply: (g: Builder, state: State, target: Target) => State;
  /** The layout that it leaves, where that is known without a tensor. */
  readonly layout?: Layout;
  /** The transposition that it is. */
  readonly order?: readonly number[];
}

/** The only plane. Throws ARGUMENT_INVALID for several. */
export function single(state: State, what: string): Value {
  if (state.planes.length === 1) return state.planes[0] as Value;
  throw new CuveeError(
    'ARGUMENT_INVALID',
    `can't ${what} multi-plane input (${state.color}): convert it to RGB/BGR with convertColor before`,
  );
}

/** The number of axes, which must be known. */
export function rankOf(value: Value, what: string): number {
  const rank = value.fact.shape?.length;
  if (rank === undefined) throw new CuveeError('ARGUMENT_INVALID', `${what} is not supported for a fully dynamic shape`);
  return rank;
}

export const channelAxis = (value: Value, layout: Layout, what: string): number => layout.axis('C', rankOf(value, what), what);

/** The steps one after the other. Throws CuveeError naming the step. */
export function run(g: Builder, start: State, steps: readonly Step[], target: Target): State {
  return steps.reduce((state, step) => {
    try {
      return step.apply(g, state, target);
    } catch (error) {
      throw CuveeError.wrap(`step "${step.name}"`, error, 'ARGUMENT_INVALID');
    }
  }, start);
}
