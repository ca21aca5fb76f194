/** @file What the user's tensors and the model's are like: element types, layouts, shapes, colours. */
import { expectCount, wrongArguments } from '../calls.js';
import { CuveeError } from '../errors.js';
import { PartialShape } from '../shape/index.js';
import { isElementType, type ElementType } from '../tensor/element.js';
import { Tensor, toShape } from '../tensor/tensor.js';
import { colorFormat, planesOf, type ColorFormat } from './color.js';
import { Layout } from './layout.js';

/** What was said of a tensor. */
export interface TensorSettings {
  type?: ElementType;
  layout?: Layout;
  shape?: PartialShape;
  /** Height and width in pixels, or any. */
  spatial?: readonly [height: number, width: number] | 'dynamic';
  color?: ColorFormat;
  planeNames?: readonly string[];
}

/** Sizes with -1 for any, or a partial shape. */
export type ShapeSetting = PartialShape | readonly number[] | Int32Array | Uint32Array;

/** Checks the one argument of `setElementType`. */
export function typeArgument(method: string, given: readonly unknown[]): ElementType {
  const allowed = ['(elementType: element)'];
  expectCount(method, given, [1], allowed);
  const [type] = given;
  if (typeof type === 'string' && isElementType(type) && type !== 'dynamic') return type;
  throw wrongArguments(method, given, allowed, `Cannot create ov::element::Type: unknown element type ${JSON.stringify(type)}.`);
}

/** Checks the one argument of `setLayout`. */
export function layoutArgument(method: string, given: readonly unknown[]): Layout {
  const allowed = ['(layout: string)'];
  expectCount(method, given, [1], allowed);
  const [layout] = given;
  if (typeof layout === 'string' || layout instanceof Layout) return Layout.from(layout);
  throw wrongArguments(method, given, allowed, 'Layout must be a string.');
}

/** Checks that the first argument is one of a table's keys. */
export function choice<T extends string>(method: string, given: readonly unknown[], table: Readonly<Record<T, T>>, allowed: string): T {
  const [value] = given;
  if (typeof value === 'string' && Object.hasOwn(table, value)) return value as T;
  throw wrongArguments(method, given, [allowed], `${JSON.stringify(value)} is none of ${Object.keys(table).join(', ')}.`);
}

const separate = (): CuveeError =>
  new CuveeError(
    'ARGUMENT_INVALID',
    "'setSpatialStaticShape', 'setSpatialDynamicShape' and 'setShape/setFrom' shall not be used together on one tensor",
  );

/** The tensors that the user will give for an input. Every method returns the object itself. */
export class InputTensorInfo {
  readonly #settings: TensorSettings;

  constructor(settings: TensorSettings) {
    this.#settings = settings;
  }

  /** Element type; steps or an implicit conversion at the end lead to the model's. */
  setElementType(elementType: ElementType, ...extra: never[]): this {
    const type = typeArgument('setElementType', arguments.length === 0 ? [] : [elementType, ...extra]);
    this.#settings.type = type;
    return this;
  }

  /** Layout, `NHWC`; where it differs from the model's, an implicit transposition at the end leads there. */
  setLayout(layout: string | Layout, ...extra: never[]): this {
    this.#settings.layout = layoutArgument('setLayout', arguments.length === 0 ? [] : [layout, ...extra]);
    return this;
  }

  /** Shape, when it is not the model's in the tensor's layout; -1 or a partial shape for dynamic sizes. */
  setShape(shape: ShapeSetting, ...extra: never[]): this {
    const given = arguments.length === 0 ? [] : [shape, ...extra];
    expectCount('setShape', given, [1], ['(shape: number[])']);
    if (this.#settings.spatial) throw separate();
    this.#settings.shape = shapeArgument(shape, given);
    return this;
  }

  /** Any height and width, the other dimensions as they are. */
  setSpatialDynamicShape(...extra: never[]): this {
    expectCount('setSpatialDynamicShape', extra, [0], ['()']);
    if (this.#settings.shape) throw separate();
    this.#settings.spatial = 'dynamic';
    return this;
  }

  /** Height and width in pixels, the other dimensions as they are. */
  setSpatialStaticShape(height: number, width: number, ...extra: never[]): this {
    const given = [height, width, ...extra].slice(0, arguments.length);
    const allowed = ['(height: number, width: number)'];
    expectCount('setSpatialStaticShape', given, [2], allowed);
    if (![height, width].every((n) => Number.isSafeInteger(n) && n >= 0))
      throw wrongArguments('setSpatialStaticShape', given, allowed, 'Sizes must be whole numbers.');
    if (this.#settings.shape) throw separate();
    this.#settings.spatial = [height, width];
    return this;
  }

  /**
   * Colours, which `convertColor` starts from; the layout is NHWC unless it is set. With planes in several tensors, the model gets
   * an input for each, named `<input>/<subName>`.
   */
  setColorFormat(format: ColorFormat, subNames: readonly string[] = []): this {
    const allowed = '(format: ColorFormat, subNames?: string[])';
    const color = choice('setColorFormat', [format, subNames], colorFormat, allowed);
    const planes = planesOf(color);
    if (!Array.isArray(subNames) || !subNames.every((n) => typeof n === 'string'))
      throw wrongArguments('setColorFormat', [format, subNames], [allowed]);
    if (subNames.length > 0 && planes === 1)
      throw new CuveeError('ARGUMENT_INVALID', `plane names are not allowed for single plane color format '${color}'`);
    if (subNames.length > 0 && subNames.length !== planes)
      throw new CuveeError(
        'ARGUMENT_INVALID',
        `number of sub-names (${subNames.length}) shall match with number of planes for '${color}' color format (${planes})`,
      );
    this.#settings.color = color;
    this.#settings.planeNames = subNames;
    return this;
  }

  /** Element type and shape of a tensor at hand. */
  setFrom(tensor: Tensor, ...extra: never[]): this {
    const given = arguments.length === 0 ? [] : [tensor, ...extra];
    expectCount('setFrom', given, [1], ['(tensor: Tensor)']);
    if (!(tensor instanceof Tensor)) throw wrongArguments('setFrom', given, ['(tensor: Tensor)']);
    this.setShape(tensor.shape);
    return this.setElementType(tensor.type);
  }
}

function shapeArgument(shape: unknown, given: readonly unknown[]): PartialShape {
  // Of another copy of this module, too.
  if (typeof shape === 'object' && shape !== null && 'dimensions' in shape) return new PartialShape(String(shape));
  const listed = Array.isArray(shape) || shape instanceof Int32Array || shape instanceof Uint32Array;
  if (!listed) throw wrongArguments('setShape', given, ['(shape: number[])'], 'The shape must be a list of whole numbers.');
  const dims = Array.from(shape as ArrayLike<unknown>);
  const known = toShape(dims.map((d) => (d === -1 ? 0 : d)) as number[]);
  return new PartialShape(known.map((d, i) => (dims[i] === -1 ? -1 : d)));
}

/** The tensors that the user will get of an output. */
export class OutputTensorInfo {
  readonly #settings: TensorSettings;

  constructor(settings: TensorSettings) {
    this.#settings = settings;
  }

  /** Element type; an implicit conversion at the end leads there. */
  setElementType(elementType: ElementType, ...extra: never[]): this {
    this.#settings.type = typeArgument('setElementType', arguments.length === 0 ? [] : [elementType, ...extra]);
    return this;
  }

  /** Layout; an implicit transposition at the end leads there from the model's. */
  setLayout(layout: string | Layout, ...extra: never[]): this {
    this.#settings.layout = layoutArgument('setLayout', arguments.length === 0 ? [] : [layout, ...extra]);
    return this;
  }
}

/** What is to be known of one of the model's own inputs or outputs. */
class ModelInfo {
  protected readonly settings: TensorSettings;

  constructor(settings: TensorSettings) {
    this.settings = settings;
  }

  /** Layout in the model, `NCHW`; it overrides the one that the model's file says. */
  setLayout(layout: string | Layout, ...extra: never[]): this {
    this.settings.layout = layoutArgument('setLayout', arguments.length === 0 ? [] : [layout, ...extra]);
    return this;
  }
}

/** What is to be known of the model's own input. */
export class InputModelInfo extends ModelInfo {}

/** What is to be known of the model's own output. */
export class OutputModelInfo extends ModelInfo {
  /** Colours of the model's output, RGB or BGR, which `convertColor` starts from. */
  setColorFormat(format: 'RGB' | 'BGR'): this {
    this.settings.color = choice('setColorFormat', [format], { RGB: 'RGB', BGR: 'BGR' } as const, "(format: 'RGB' | 'BGR')");
    return this;
  }
}
