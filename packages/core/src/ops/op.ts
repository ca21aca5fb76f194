/** @file The helper that makes a room: one value that says everything about one operation. */
import { CuveeError } from '../errors.js';
import type { Builder } from '../opset/builder.js';
import type { Fact } from '../ir/fact.js';
import type { Infer } from '../ir/infer.js';
import type { EvaluateContext } from '../ir/interpret.js';
import type { Value } from '../ir/node.js';
import type { ElementType } from '../tensor/element.js';
import { isFloat, isInteger } from '../tensor/element.js';
import type { NdArray } from '../tensor/nd.js';
import type { Dim } from '../shape/index.js';
import { checkAttributes, type Attributes, type AttributesOf, type Schema } from './attributes.js';

/** A class of element types, for ports. */
export interface TypeClass {
  readonly name: string;
  readonly has: (type: ElementType) => boolean;
}
const typeClass = (name: string, has: (type: ElementType) => boolean): TypeClass => ({ name, has: (t) => t === 'dynamic' || has(t) });
export const any = typeClass('any', () => true);
export const floating = typeClass('float', isFloat);
export const integer = typeClass('integer', isInteger);
export const numeric = typeClass('numeric', (t) => isFloat(t) || isInteger(t));
export const index = typeClass('index', (t) => t === 'i32' || t === 'i64' || isInteger(t));
export const boolean = typeClass('boolean', (t) => t === 'boolean');
export const numericOrBoolean = typeClass('numeric or boolean', (t) => t !== 'string');
export const integerOrBoolean = typeClass('integer or boolean', (t) => t === 'boolean' || isInteger(t));
export const string = typeClass('string', (t) => t === 'string');
export const only = (...types: ElementType[]): TypeClass => typeClass(types.join(', '), (t) => types.includes(t));

/** How many axes an input has: a number, one of several, at least so many; `one`: a single element however many axes it has. */
export type PortRank = number | readonly number[] | { readonly least: number } | 'one';

/** One input or output of an operation. */
export interface Port<N extends string = string, A extends 'one' | 'optional' | 'many' = 'one' | 'optional' | 'many'> {
  readonly name: N;
  readonly types: TypeClass;
  readonly arity: A;
  /** Checked before `infer` where it is given. */
  readonly rank?: PortRank | undefined;
}
export const port = <const N extends string>(name: N, types: TypeClass, rank?: PortRank): Port<N, 'one'> => ({
  name,
  types,
  arity: 'one',
  rank,
});
/** An input that may be missing at the end of the list. */
export const optional = <const N extends string>(name: N, types: TypeClass, rank?: PortRank): Port<N, 'optional'> => ({
  name,
  types,
  arity: 'optional',
  rank,
});
/** All remaining inputs or outputs, in order. */
export const many = <const N extends string>(name: N, types: TypeClass): Port<N, 'many'> => ({ name, types, arity: 'many' });

/** Inputs by name, as `infer`, `evaluate` and `decompose` receive them. */
export type ByName<P extends readonly Port[], T> = {
  readonly [Q in P[number] as Q['name']]: Q['arity'] extends 'many' ? readonly T[] : Q['arity'] extends 'optional' ? T | undefined : T;
};

/** What shared code may ask about an operation instead of its name. */
export interface Traits {
  /** Each output element depends on the input elements at the same (broadcast) place alone. */
  readonly elementwise?: boolean;
  /** Only moves elements of its first kind of inputs, never looks at them: value facts pass through `evaluate`. */
  readonly moves?: boolean | ((attributes: Attributes) => boolean);
  /** The output may reuse this input's memory. */
  readonly inPlace?: string;
  /** Axes over which elements of the first output are mixed: along all others each depends on the same place of the inputs alone. */
  readonly mixes?: (attributes: Attributes, rank: number) => readonly number[];
  /** Not a function of its inputs (random, state): never folded, never merged. */
  readonly impure?: boolean;
  /** Reads or writes the variable that its attribute `variable_id` names. */
  readonly variable?: 'read' | 'write';
  /** Has sub-models. */
  readonly control?: boolean;
  /** Floating-point operations for given facts; elementwise ops default to one per output element. */
  readonly flops?: (inputs: readonly Fact[], outputs: readonly Fact[], attributes: Attributes) => Dim;
}

/** How an older version differs from the current one. */
export interface Version {
  /** Schema of that version; the current one when absent. */
  readonly attributes?: Schema;
  /** Attributes of the old version → those of the current one. */
  readonly upgrade?: (attributes: Attributes) => Record<string, unknown>;
  /** Inputs and attributes → outputs, where attributes alone do not tell. Runs before, and instead of, `upgrade`. */
  readonly rebuild?: (g: Builder, inputs: readonly Value[], attributes: Attributes) => readonly Value[];
}
/** The version that a room describes. */
export const current: Version = {};

/** What a room writes down. */
export interface Definition<S extends Schema, P extends readonly Port[]> {
  /** Of an operation that is in no opset: whose it is. IR layers carry it as their version, ONNX nodes as their domain. */
  readonly domain?: string;
  readonly attributes?: S;
  readonly inputs: readonly [...P];
  readonly outputs: readonly Port[];
  /** `{ opset1: older, opset8: current }`; one version, `opset1`, when absent. */
  readonly since?: Readonly<Record<`opset${number}`, Version>>;
  /** Spelling of `type` in IR files, where it is not the name (`SoftMax`). */
  readonly xmlName?: string;
  /** Other spellings of `type` that IR files may have (`Xor`). */
  readonly aliases?: readonly string[];
  /** Extra checks on attributes beyond their kinds: a text says what is wrong. */
  readonly check?: (attributes: AttributesOf<S>) => string | undefined;
  readonly infer: (inputs: ByName<P, Fact>, attributes: AttributesOf<S>, ctx: Infer) => Fact | readonly Fact[];
  readonly evaluate?: (inputs: ByName<P, NdArray>, attributes: AttributesOf<S>, ctx: EvaluateContext) => NdArray | readonly NdArray[];
  readonly decompose?: (g: Builder, inputs: ByName<P, Value>, attributes: AttributesOf<S>) => Value | readonly Value[] | undefined;
  readonly traits?: Traits;
}

/** An operation: the room's definition with its types erased, as shared code uses it. Positional, in port order. */
export interface Op {
  readonly name: string;
  /** Undefined for the operations of the opsets. */
  readonly domain: string | undefined;
  readonly xmlName: string;
  readonly aliases: readonly string[];
  readonly schema: Schema;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Versions, oldest first; the last is the current one. */
  readonly versions: readonly (Version & { readonly opset: number })[];
  readonly traits: Traits;
  /** Checked attributes with defaults filled in. Throws MODEL_INVALID. */
  attributes(given: Readonly<Record<string, unknown>>, node: string): Attributes;
  infer(inputs: readonly (Fact | undefined)[], attributes: Attributes, ctx: Infer): readonly Fact[];
  readonly evaluate?: (inputs: readonly (NdArray | undefined)[], attributes: Attributes, ctx: EvaluateContext) => readonly NdArray[];
  readonly decompose?: (g: Builder, inputs: readonly (Value | undefined)[], attributes: Attributes) => readonly Value[] | undefined;
}

function byName<T>(ports: readonly Port[], values: readonly (T | undefined)[]): Record<string, T | readonly T[] | undefined> {
  const out: Record<string, T | readonly T[] | undefined> = {};
  for (let i = 0; i < ports.length; i++) {
    const p = ports[i] as Port;
    out[p.name] = p.arity === 'many' ? (values.slice(i) as T[]) : values[i];
  }
  return out;
}

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? (value as readonly T[]) : [value as T]);

const nothing: readonly string[] = [];
const plain: Traits = {};

const versionsOf = (since: Definition<Schema, Port[]>['since']): Op['versions'] =>
  Object.entries(since ?? { opset1: current })
    .map(([key, version]) => ({ ...version, opset: Number(key.slice(5)) }))
    .sort((a, b) => a.opset - b.opset);

/** Makes a room. */
export function op<const S extends Schema, const P extends readonly Port[]>(name: string, definition: Definition<S, P>): Op {
  const schema = definition.attributes ?? ({} as S);
  const { evaluate, decompose } = definition;
  const typed = (attributes: Attributes): AttributesOf<S> => attributes as AttributesOf<S>;
  const named = <T>(values: readonly (T | undefined)[]): ByName<P, T> => byName(definition.inputs, values) as ByName<P, T>;
  let versions: Op['versions'] | undefined;
  return {
    name,
    domain: definition.domain,
    xmlName: definition.xmlName ?? name,
    aliases: definition.aliases ?? nothing,
    schema,
    inputs: definition.inputs,
    outputs: definition.outputs,
    get versions() {
      return (versions ??= versionsOf(definition.since)); // most processes never ask
    },
    traits: definition.traits ?? plain,
    attributes(given, node) {
      const attributes = checkAttributes(name, node, schema, given);
      const wrong = definition.check?.(typed(attributes));
      if (wrong) throw invalid(name, node, wrong);
      return attributes;
    },
    infer: (inputs, attributes, ctx) => list(definition.infer(named<Fact>(inputs), typed(attributes), ctx)),
    ...(evaluate && { evaluate: (inputs, attributes, ctx) => list(evaluate(named<NdArray>(inputs), typed(attributes), ctx)) }),
    ...(decompose && {
      decompose: (g, inputs, attributes) => {
        const result = decompose(g, named<Value>(inputs), typed(attributes));
        return result === undefined ? undefined : list(result);
      },
    }),
  };
}

const invalid = (op: string, node: string, text: string): CuveeError =>
  new CuveeError('MODEL_INVALID', `${op} "${node}": ${text}`, { op, node });
