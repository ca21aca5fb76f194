/** What an operator's function receives, and what it gives back. */
import { Value, type Builder, type CuveeError, type Model } from '@cuvee/core';
import type { NodeAttributes } from './attributes.js';
import type { GraphProto } from './proto/index.js';

/** A sequence whose length is known while translating: core has no value of that kind. */
export class Sequence {
  readonly items: readonly Operand[];
  constructor(items: readonly Operand[]) {
    this.items = items;
  }
}

/** An optional that is known to hold something, or nothing. */
export class Optional {
  readonly content: Operand | undefined;
  constructor(content: Operand | undefined) {
    this.content = content;
  }
}

/** How a tensor is a sequence of its parts along an axis: each `size` places long, the last perhaps shorter, with or without the axis. */
export interface Cut {
  readonly axis: number;
  readonly size: number;
  readonly keepsAxis: boolean;
}

/** A sequence whose length only the run tells: the parts of a tensor. Parts without the axis have size 1. */
export class Parts {
  readonly whole: Value;
  readonly cut: Cut;
  constructor(whole: Value, cut: Cut) {
    this.whole = whole;
    this.cut = cut;
  }
}

/** The sequence that a loop carries, seen from within one turn: what the turn appends. `origin` is the one that the turn began with. */
export class Growing {
  readonly origin: Growing;
  readonly added: readonly Operand[];
  constructor(origin?: Growing, added: readonly Operand[] = []) {
    this.origin = origin ?? this;
    this.added = added;
  }
}

/** What a name of the file stands for. */
export type Operand = Value | Sequence | Optional | Parts | Growing;

/** The tensors that an operand is made of, in order. */
export function tensorsOf(operand: Operand): readonly Value[] {
  if (operand instanceof Sequence) return operand.items.flatMap(tensorsOf);
  if (operand instanceof Optional) return operand.content ? tensorsOf(operand.content) : [];
  if (operand instanceof Parts) return [operand.whole];
  if (operand instanceof Growing) return operand.added.flatMap(tensorsOf);
  return [operand];
}

/** An operand of the same make over other tensors, which `next` hands out in order. */
export function remade(operand: Operand, next: () => Value): Operand {
  if (operand instanceof Sequence) return new Sequence(operand.items.map((item) => remade(item, next)));
  if (operand instanceof Optional) return new Optional(operand.content && remade(operand.content, next));
  if (operand instanceof Parts) return new Parts(next(), operand.cut);
  if (operand instanceof Growing) {
    const added = operand.added.map((item) => remade(item, next));
    return added.length === 0 ? operand : new Growing(operand.origin, added);
  }
  return next();
}

const allAlike = (a: readonly Operand[], b: readonly Operand[]): boolean =>
  a.length === b.length && a.every((item, i) => madeAlike(item, b[i] as Operand));

/** Whether two operands are made alike: both tensors, or sequences of as many items made alike, or optionals. */
export function madeAlike(a: Operand, b: Operand): boolean {
  if (a instanceof Sequence) return b instanceof Sequence && allAlike(a.items, b.items);
  if (a instanceof Optional)
    return b instanceof Optional && (a.content && b.content ? madeAlike(a.content, b.content) : a.content === b.content);
  if (a instanceof Parts)
    return b instanceof Parts && a.cut.axis === b.cut.axis && a.cut.size === b.cut.size && a.cut.keepsAxis === b.cut.keepsAxis;
  if (a instanceof Growing) return b instanceof Growing && a.origin === b.origin && allAlike(a.added, b.added);
  return b instanceof Value;
}

/** The first `N` inputs are there: the arity table says so before the function runs. */
export type Inputs<N extends number, Given extends readonly Value[] = readonly []> = Given['length'] extends N
  ? readonly [...Given, ...(Value | undefined)[]]
  : Inputs<N, readonly [...Given, Value]>;

/** A body that was translated in place: the operands of its outputs. */
export type Inlined = readonly Operand[];

/** One node of the file. */
export interface OnnxNode<N extends number = 1> {
  /** Builds in the graph that the node is part of. */
  readonly g: Builder;
  /** Operator name, and a name of the node for messages. */
  readonly op: string;
  readonly name: string;
  /** Version of the operator's domain that is in force. */
  readonly version: number;
  /** Inputs that are tensors; undefined for those left out and for sequences. */
  readonly inputs: Inputs<N>;
  /** All inputs, sequences and optionals included. */
  readonly operands: readonly (Operand | undefined)[];
  readonly attr: NodeAttributes;
  /** How many outputs the file lists. */
  readonly outputs: number;
  /** Whether output `i` is listed with a name. */
  wants(i: number): boolean;
  /** MODEL_INVALID and MODEL_UNSUPPORTED that name the node. */
  invalid(message: string): CuveeError;
  unsupported(message: string): CuveeError;
  /** Translates a body into the graph that the node is in, its inputs bound to operands. */
  inline(body: GraphProto, inputs: readonly Operand[]): Inlined;
  /** Translates a body into a model of its own; `control.ts` wires it. */
  body(body: GraphProto): BodyTranslation;
}

/** The same node as an operator sees it that is defined by another: with another version, or other inputs. */
export const altered = <N extends number, M extends number = N>(
  node: OnnxNode<M>,
  change: { readonly version?: number; readonly inputs?: readonly (Value | undefined)[] },
): OnnxNode<N> => Object.assign(Object.create(Object.getPrototypeOf(node) as object) as OnnxNode<N>, node, change);

/** A body being translated into a model of its own: what it reads of the outside becomes its parameters. */
export interface BodyTranslation {
  readonly g: Builder;
  /** Translates the nodes with the body's inputs bound to values of `g`; gives the outputs. */
  run(inputs: readonly Operand[]): readonly Operand[];
  /** Values of the outer graph that the body reads, each with the parameter that stands for it. */
  readonly captures: ReadonlyMap<Value, Value>;
  /** The model of the body: parameters in the order given, then those of the captures. */
  model(parameters: readonly Value[], results: readonly Value[]): Model;
}

/** Translates one operator: one exported function each, named as the operator. Several outputs as an array, in order. */
export type OnnxOp<N extends number = 1> = (node: OnnxNode<N>) => Operand | undefined | readonly (Operand | undefined)[];

/**
 * An operator with its signature, for those that the printed table does not have: inputs and outputs in the notation of
 * `signatures.ts`, after ONNX Runtime's ContribOperators.md.
 */
export const takes = <N extends number>(signature: string, op: OnnxOp<N>): OnnxOp<N> =>
  Object.assign((node: OnnxNode<N>) => op(node), { signature });
