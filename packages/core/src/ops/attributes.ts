/** @file Attribute schemas: from one schema come the type, the check, the XML form, the hash key and the docs. */
import { CuveeError } from '../errors.js';
import { isElementType, type ElementType } from '../tensor/element.js';
import type { Model } from '../ir/model.js';
import type { Literal } from '../tensor/literal.js';

/** Values that an attribute may hold. */
export type AttributeValue =
  | number
  | boolean
  | string
  | readonly number[]
  | readonly string[]
  | Literal
  | Model
  | readonly PortMapping[]
  | undefined;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One row of a body's port map (Loop, TensorIterator, If): an outer port tied to an inner parameter or result. */
export interface PortMapping {
  /** Index of the outer input or output; -1 for none (Loop's current iteration, execution condition). */
  readonly external: number;
  /** Index among the body's parameters (inputs) or results (outputs). */
  readonly internal: number;
  /** Slices along this axis, when present. */
  readonly axis?: number;
  readonly start?: number;
  readonly end?: number;
  readonly stride?: number;
  readonly partSize?: number;
  /** For inputs: index of the body result that feeds the next turn. */
  readonly backEdge?: number;
  readonly purpose?: 'current_iteration' | 'execution_condition';
}

export type AttributeKind =
  | 'int'
  | 'ints'
  | 'float'
  | 'floats'
  | 'bool'
  | 'text'
  | 'texts'
  | 'enum'
  | 'type'
  | 'shape'
  | 'literal'
  | 'body'
  | 'ports';

/** One attribute: how it is spelled, what it holds, what it is when absent. */
export interface AttributeSpec<T = AttributeValue> {
  readonly kind: AttributeKind;
  /** Value when the attribute is absent; none makes the attribute required. */
  readonly default?: T;
  readonly required: boolean;
  readonly words?: readonly string[];
  /** Spelling in IR XML when it is not the schema's key (`exclude-pad`). */
  readonly xml?: string;
  /** Smallest value allowed, of each element for a list. */
  readonly min?: number;
  /** Carries T for the compiler alone. */
  readonly type?: () => T;
}
export type Schema = Readonly<Record<string, AttributeSpec<never> | AttributeSpec>>;

/** The TypeScript type of the attributes that a schema describes. */
export type AttributesOf<S> = { readonly [K in keyof S]: S[K] extends { readonly type?: () => infer T } ? T : never };

interface Options {
  readonly xml?: string;
  readonly min?: number;
}
const spec = <T>(
  kind: AttributeKind,
  value: T | undefined,
  options: Options & { words?: readonly string[] } = {},
  required = value === undefined,
): AttributeSpec<T> => ({ kind, required, ...(value === undefined ? {} : { default: value }), ...options }) as AttributeSpec<T>;

/** An integer; required unless a default is given. */
export const int = (value?: number, options?: Options): AttributeSpec<number> => spec('int', value, options);
/** A list of integers; required unless a default is given. */
export const ints = (value?: readonly number[], options?: Options): AttributeSpec<readonly number[]> => spec('ints', value, options);
export const float = (value?: number, options?: Options): AttributeSpec<number> => spec('float', value, options);
export const floats = (value?: readonly number[], options?: Options): AttributeSpec<readonly number[]> => spec('floats', value, options);
export const bool = (value?: boolean, options?: Options): AttributeSpec<boolean> => spec('bool', value, options);
export const text = (value?: string, options?: Options): AttributeSpec<string> => spec('text', value, options);
export const texts = (value?: readonly string[], options?: Options): AttributeSpec<readonly string[]> => spec('texts', value, options);
/** One of the words that the IR spells. */
export const oneOf = <const W extends string>(words: readonly W[], value?: W, options?: Options): AttributeSpec<W> =>
  spec('enum', value, { ...options, words });
/** An element type. */
export const elementType = (value?: ElementType, options?: Options): AttributeSpec<ElementType> => spec('type', value, options);
/** A partial shape as the IR spells it: `1,3,?,2..5`. */
export const shape = (options?: Options): AttributeSpec<string> => spec<string>('shape', undefined, options);
/** The value of a Constant. */
export const literal = (): AttributeSpec<Literal> => spec<Literal>('literal', undefined);
/** A sub-model. */
export const body = (options?: Options): AttributeSpec<Model> => spec<Model>('body', undefined, options);
/** A body's port map. */
export const ports = (options?: Options): AttributeSpec<readonly PortMapping[]> =>
  spec<readonly PortMapping[]>('ports', undefined, options);

const whole = (v: unknown): boolean => Number.isInteger(v);
const isBelow = (v: unknown, min: number | undefined): boolean => min !== undefined && (v as number) < min;

/** What a value should be, when it is not. */
function problem(spec: AttributeSpec, value: unknown): string | undefined {
  const { min } = spec;
  switch (spec.kind) {
    case 'int':
      return !whole(value) ? 'an integer' : isBelow(value, min) ? `an integer of at least ${min}` : undefined;
    case 'ints':
      return !Array.isArray(value) || !value.every(whole)
        ? 'a list of integers'
        : min !== undefined && value.some((v) => isBelow(v, min))
          ? `integers of at least ${min}`
          : undefined;
    case 'float':
      return typeof value !== 'number' ? 'a number' : isBelow(value, min) ? `a number of at least ${min}` : undefined;
    case 'floats':
      return !Array.isArray(value) || !value.every((v) => typeof v === 'number') ? 'a list of numbers' : undefined;
    case 'bool':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'text':
    case 'shape':
      return typeof value === 'string' ? undefined : 'a text';
    case 'texts':
      return Array.isArray(value) && value.every((v) => typeof v === 'string') ? undefined : 'a list of texts';
    case 'enum':
      return typeof value === 'string' && spec.words?.includes(value) ? undefined : `one of ${spec.words?.join(', ')}`;
    case 'type':
      return typeof value === 'string' && isElementType(value) ? undefined : 'an element type';
    case 'literal':
    case 'body':
      return typeof value === 'object' && value !== null ? undefined : `a ${spec.kind}`;
    case 'ports':
      return Array.isArray(value) ? undefined : 'a port map';
  }
}

/** Fills in defaults and checks each value. Throws MODEL_INVALID naming op, attribute, expected and actual. */
export function checkAttributes(op: string, node: string, schema: Schema, given: Readonly<Record<string, unknown>>): Attributes {
  const out: Record<string, AttributeValue> = {};
  for (const key in schema) {
    const entry = schema[key] as AttributeSpec;
    const value = given[key] === undefined ? entry.default : given[key];
    if (value === undefined) {
      if (entry.required) throw new CuveeError('MODEL_INVALID', `${op} "${node}": attribute "${key}" is missing`, { op, node });
      continue;
    }
    const expected = problem(entry, value);
    if (expected)
      throw new CuveeError('MODEL_INVALID', `${op} "${node}": attribute "${key}" must be ${expected}, got ${JSON.stringify(value)}`, {
        op,
        node,
      });
    out[key] = value as AttributeValue;
  }
  for (const key in given) {
    if (!Object.hasOwn(schema, key)) throw new CuveeError('MODEL_INVALID', `${op} "${node}": unknown attribute "${key}"`, { op, node });
  }
  return out;
}
