/** @file The steps that users add, in the order in which they run. */
import { expectCount, expectNothing, wrongArguments } from '../calls.js';
import { CuveeError } from '../errors.js';
import type { ElementType } from '../tensor/element.js';
import { colorFormat, type ColorFormat } from './color.js';
import { crop, pad, paddingMode, resize, resizeAlgorithm, toLayout, toOrder, type PaddingMode, type ResizeAlgorithm } from './geometry.js';
import { Layout } from './layout.js';
import type { Step } from './state.js';
import { choice, layoutArgument, typeArgument } from './tensor-info.js';
import { backwards, clamp, custom, mean, scale, toColor, toType, type CustomStep } from './values.js';

/** One number, or one for each channel. */
export type Numbers = number | readonly number[] | Float32Array;
/** One whole number for each axis. */
export type Indices = readonly number[] | Int32Array;

function numbers(method: string, given: readonly unknown[]): readonly number[] {
  const allowed = ['(value: number)', '(values: number[])'];
  expectCount(method, given, [1], allowed);
  const [value] = given;
  const list: unknown[] = Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as unknown as number[]) : [value];
  if (list.length > 0 && list.every((n) => typeof n === 'number')) return list as number[];
  throw wrongArguments(method, given, allowed);
}

function indices(method: string, value: unknown, given: readonly unknown[], allowed: string): readonly number[] {
  const listed = Array.isArray(value) || ArrayBuffer.isView(value);
  const list = listed ? Array.from(value as unknown as number[]) : [];
  if (listed && list.every((n) => Number.isSafeInteger(n))) return list;
  throw wrongArguments(method, given, [allowed], 'Lists of whole numbers are needed.');
}

/** Steps that inputs and outputs have in common. Every method returns the object itself. */
class Steps {
  protected readonly list: Step[];
  readonly #outputs: boolean;

  constructor(list: Step[], outputs: boolean) {
    this.list = list;
    this.#outputs = outputs;
  }

  protected add(step: Step): this {
    this.list.push(step);
    return this;
  }

  /** Another element type: floats to integers truncate. Without one: the type at the other end. */
  convertElementType(elementType?: ElementType): this {
    return this.add(toType(elementType === undefined ? undefined : typeArgument('convertElementType', [elementType])));
  }

  /**
   * Axes in another order: those of a layout, or result axis i is axis order[i]. Without one: the layout at the other end. Of an
   * input, axes that the tensor lacks are added with size 1.
   */
  convertLayout(layout: string | Layout | Indices = ''): this {
    if (typeof layout === 'string' || layout instanceof Layout)
      return this.add(toLayout(layoutArgument('convertLayout', [layout]), !this.#outputs));
    const order = indices('convertLayout', layout, [layout], '(layout: string | number[])');
    return order.length === 0 ? this : this.add(toOrder(order));
  }

  /** Colours in another format. YUV formats and four channels become RGB or BGR; RGB and BGR become each other or GRAY. */
  convertColor(format: ColorFormat): this {
    const color = choice('convertColor', [format], colorFormat, '(format: ColorFormat)');
    return this.add(toColor(color));
  }

  /** No less than `low`, no more than `high`. */
  clamp(low: number, high: number): this {
    if (typeof low !== 'number' || typeof high !== 'number' || !(low <= high))
      throw wrongArguments('clamp', [low, high], ['(low: number, high: number)'], 'low must not be above high.');
    return this.add(clamp(low, high));
  }

  /** Whatever `step` makes of the value, with the builder `g`: `(x, g) => g.abs(x)`. */
  custom(step: CustomStep): this {
    if (typeof step !== 'function') throw wrongArguments('custom', [step], ['(step: (value: Output, g: Builder) => Output)']);
    return this.add(custom(step));
  }
}

/** The steps from the user's tensor to the model's input. */
export class PreProcessSteps extends Steps {
  constructor(list: Step[]) {
    super(list, false);
  }

  /** Another height and width, in pixels; without them, those of the model. Needs a layout with H and W. */
  resize(algorithm: ResizeAlgorithm, height?: number, width?: number, ...extra: never[]): this {
    const given = [algorithm, height, width, ...extra].slice(0, arguments.length);
    const allowed = '(algorithm: resizeAlgorithm, height?: number, width?: number)';
    expectCount('resize', given, [1, 3], [allowed]);
    const how = choice('resize', given, resizeAlgorithm, allowed);
    if (given.length === 1) return this.add(resize(how));
    const size = indices('resize', [height, width], given, allowed);
    if (size.some((n) => n < 0)) throw wrongArguments('resize', given, [allowed], 'Sizes must not be negative.');
    return this.add(resize(how, size as [number, number]));
  }

  /** Subtracts from floats one number, or one for each channel (then a layout with C is needed). */
  mean(values: Numbers, ...extra: never[]): this {
    return this.add(mean(numbers('mean', arguments.length === 0 ? [] : [values, ...extra])));
  }

  /** Divides floats by one number, or by one for each channel (then a layout with C is needed). */
  scale(values: Numbers, ...extra: never[]): this {
    return this.add(scale(numbers('scale', arguments.length === 0 ? [] : [values, ...extra])));
  }

  /** The part from `begin` up to and without `end`, one of each for each axis; negative ones count from the end. */
  crop(begin: Indices, end: Indices): this {
    const allowed = '(begin: number[], end: number[])';
    return this.add(crop(indices('crop', begin, [begin, end], allowed), indices('crop', end, [begin, end], allowed)));
  }

  /**
   * New places before and after each axis of a float tensor. CONSTANT ones hold `value`, or one value for each channel; negative
   * pads cut places off.
   */
  pad(begin: Indices, end: Indices, value: Numbers, mode: PaddingMode): this {
    const given = [begin, end, value, mode];
    const allowed = '(begin: number[], end: number[], value: number | number[], mode: paddingMode)';
    const how = choice('pad', [mode], paddingMode, allowed);
    const [from, to] = [indices('pad', begin, given, allowed), indices('pad', end, given, allowed)];
    if (from.length !== to.length) throw wrongArguments('pad', given, [allowed], 'begin and end must have the same size.');
    return this.add(pad(from, to, numbers('pad', [value]), how));
  }

  /** The channels from the last to the first: RGB to BGR. Needs a layout with C. */
  reverseChannels(...extra: never[]): this {
    expectNothing('reverseChannels', extra);
    return this.add(backwards());
  }
}

/** The steps from the model's output to the user's tensor. Outputs have colours only where `model().setColorFormat` says so. */
export class PostProcessSteps extends Steps {
  constructor(list: Step[]) {
    super(list, true);
  }

  /** RGB and BGR become each other. */
  override convertColor(format: 'RGB' | 'BGR'): this {
    if (format !== 'RGB' && format !== 'BGR')
      throw new CuveeError('ARGUMENT_INVALID', `an output's colours can be converted to RGB and BGR, not to ${String(format)}`);
    return super.convertColor(format);
  }
}
