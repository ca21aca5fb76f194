/** Typed access to a node's attributes: a missing one takes the caller's default, a wrong kind is MODEL_INVALID. */
import { CuveeError, type ElementType, type Literal } from '@cuvee/core';
import { toNumber } from './checked.js';
import type { ExternalFiles } from './external.js';
import { attributeNamed } from './functions.js';
import { AttributeType, type AttributeProto, type GraphProto, type TypeProto } from './proto/index.js';
import { denseOf, literalOf, textOf } from './tensor.js';
import { elementTypeOf } from './types.js';

type Kind = keyof typeof AttributeType;

const kindNames = Object.fromEntries(Object.entries(AttributeType).map(([name, code]) => [code, name as Kind]));

const nameOf = ({ name = '' }: AttributeProto): string => name;

/** Files of IR version 1 leave the type out: the field that is there tells. */
function kindOf(a: AttributeProto): Kind | undefined {
  if (a.type) return kindNames[a.type];
  const present: readonly (readonly [Kind, boolean])[] = [
    ['FLOAT', a.f !== undefined],
    ['INT', a.i !== undefined],
    ['STRING', a.s !== undefined],
    ['TENSOR', a.t !== undefined],
    ['GRAPH', a.g !== undefined],
    ['SPARSE_TENSOR', a.sparseTensor !== undefined],
    ['FLOATS', a.floats.length > 0],
    ['INTS', a.ints.length > 0],
    ['STRINGS', a.strings.length > 0],
    ['TENSORS', a.tensors.length > 0],
    ['GRAPHS', a.graphs.length > 0],
  ];
  const kinds = present.filter(([, there]) => there).map(([kind]) => kind);
  return kinds.length === 1 ? kinds[0] : undefined;
}

/** The attributes of one node, with those of the enclosing function's call put in. */
export class NodeAttributes {
  readonly #attributes: readonly AttributeProto[];
  readonly #files: ExternalFiles;
  readonly #what: string;

  constructor(attributes: readonly AttributeProto[], files: ExternalFiles, what: string) {
    this.#attributes = attributes;
    this.#files = files;
    this.#what = what;
  }

  /** Those that the file gives. */
  get names(): readonly string[] {
    return this.#attributes.map(nameOf);
  }
  /** Whether the file gives it. */
  has(name: string): boolean {
    return attributeNamed(this.#attributes, name) !== undefined;
  }

  /** An integer; beyond 2^53 the largest safe one. */
  int(name: string, fallback?: number): number {
    const a = this.#get(name, 'INT', fallback);
    return a ? toNumber(a.i ?? 0n) : (fallback as number);
  }

  /** An integer that is 0 or 1 (any other number counts as 1). */
  bool(name: string, fallback = false): boolean {
    return this.int(name, fallback ? 1 : 0) !== 0;
  }

  ints(name: string, fallback?: readonly number[]): readonly number[] {
    const a = this.#get(name, 'INTS', fallback);
    return a ? a.ints.map(toNumber) : (fallback as readonly number[]);
  }

  float(name: string, fallback?: number): number {
    const a = this.#get(name, 'FLOAT', fallback);
    return a ? (a.f ?? 0) : (fallback as number);
  }

  floats(name: string, fallback?: readonly number[]): readonly number[] {
    const a = this.#get(name, 'FLOATS', fallback);
    return a ? a.floats : (fallback as readonly number[]);
  }

  text(name: string, fallback?: string): string {
    const a = this.#get(name, 'STRING', fallback);
    return a ? textOf(a.s ?? new Uint8Array(), `attribute "${name}" of ${this.#what}`) : (fallback as string);
  }

  texts(name: string, fallback?: readonly string[]): readonly string[] {
    const a = this.#get(name, 'STRINGS', fallback);
    return a ? a.strings.map((s) => textOf(s, `attribute "${name}" of ${this.#what}`)) : (fallback as readonly string[]);
  }

  /** One of a few words; MODEL_INVALID for another. */
  word<const W extends string>(name: string, words: readonly W[], fallback?: W): W {
    const text = this.text(name, fallback);
    if (!words.includes(text as W))
      throw this.#invalid(`attribute "${name}" is ${JSON.stringify(text.slice(0, 60))}, expected ${words.join(', ')}`);
    return text as W;
  }

  /** An element type given as its number. */
  elementType(name: string, fallback?: ElementType): ElementType {
    const a = this.#get(name, 'INT', fallback);
    return a ? elementTypeOf(toNumber(a.i ?? 0n), `attribute "${name}" of ${this.#what}`) : (fallback as ElementType);
  }

  /** An element type where the file gives one: 0 stands for none. */
  optionalType(name: string): ElementType | undefined {
    return this.int(name, 0) === 0 ? undefined : this.elementType(name);
  }

  tensor(name: string): Literal {
    const a = this.#get(name, 'TENSOR');
    if (!a?.t) throw this.#invalid(`attribute "${name}" holds no tensor`);
    return literalOf(a.t, this.#files, `attribute "${name}" of ${this.#what}`);
  }

  /** A sparse tensor, dense. */
  sparseTensor(name: string): Literal {
    const a = this.#get(name, 'SPARSE_TENSOR');
    if (!a?.sparseTensor) throw this.#invalid(`attribute "${name}" holds no sparse tensor`);
    return denseOf(a.sparseTensor, this.#files, `attribute "${name}" of ${this.#what}`);
  }

  graph(name: string): GraphProto {
    const a = this.#get(name, 'GRAPH');
    if (!a?.g) throw this.#invalid(`attribute "${name}" holds no graph`);
    return a.g;
  }

  typeProto(name: string): TypeProto | undefined {
    return this.#get(name, 'TYPE_PROTO')?.tp;
  }

  /** undefined when absent and `fallback` is given. */
  #get(name: string, kind: Kind, fallback?: unknown): AttributeProto | undefined {
    const a = attributeNamed(this.#attributes, name);
    if (a === undefined) {
      if (fallback !== undefined) return undefined;
      throw this.#invalid(`attribute "${name}" is missing`);
    }
    const actual = kindOf(a);
    // an empty list may have been written without any type
    if (actual !== kind && !(actual === undefined && !a.type && kind.endsWith('S')))
      throw this.#invalid(`attribute "${name}" is of type ${actual ?? a.type}, expected ${kind}`);
    return a;
  }

  #invalid(message: string): CuveeError {
    return new CuveeError('MODEL_INVALID', `${this.#what}: ${message}`);
  }
}
