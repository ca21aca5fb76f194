/**
 * @file A plan in the making: sizes are still dimensions, not registers, and every step knows its level.
 */
import { shape, type Dim, type ElementType, type Literal, type Node, type Value } from '@cuvee/core';
import type { Layout, Storage, TensorId } from '../plan/plan.js';

/** An argument of a draft step: an integer or a size, or a float. */
export type DraftArg = Dim | bigint | { readonly float: number };

export interface DraftTensor {
  readonly type: ElementType;
  readonly layout: Layout;
  readonly storage: Storage;
  readonly dims: readonly Dim[];
  readonly name: string;
  /** Byte offset of a view; undefined: none. */
  readonly offset?: Dim;
}

export interface DraftStep {
  readonly family: string;
  readonly action: string;
  readonly inputs: readonly (TensorId | -1)[];
  readonly outputs: readonly TensorId[];
  readonly args: readonly DraftArg[];
  readonly plans: readonly Draft[];
  readonly node: Node;
  level: number;
}

/** Everything lowered so far. */
export class Draft {
  readonly tensors: DraftTensor[] = [];
  readonly steps: DraftStep[] = [];
  readonly inputs: TensorId[] = [];
  readonly outputs: TensorId[] = [];
  /** Constants; a prologue shares the list of the draft around it. */
  readonly weights: (Literal | { readonly computed: ElementType })[];
  readonly states: {
    readonly name: string;
    readonly type: ElementType;
    readonly read: TensorId;
    write: TensorId | -1;
    readonly shape: string;
    /** The tensor that its readers read. */
    shown?: TensorId;
  }[] = [];
  /** Level at which a tensor's content is there. */
  readonly tensorLevel: number[] = [];
  /** Level at which a run-time symbol's number is there, by the symbol's key. */
  readonly symbolLevel = new Map<string, number>();
  /** Symbols that a step or the caller binds: key → the tensor whose dimension or element it is. */
  readonly bindings = new Map<string, { readonly kind: 'dim' | 'element'; readonly tensor: TensorId; readonly at: number }>();
  readonly guards: readonly shape.Guard[];

  constructor(guards: readonly shape.Guard[], weights: Draft['weights'] = []) {
    this.guards = guards;
    this.weights = weights;
  }

  addTensor(tensor: DraftTensor, level = 0): TensorId {
    this.tensors.push(tensor);
    this.tensorLevel.push(level);
    return this.tensors.length - 1;
  }

  /** Level from which on a size can be computed: the latest of its symbols. */
  levelOf(d: Dim): number {
    if (typeof d === 'number') return 0;
    let level = 0;
    for (const origin of shape.originsOf(d)) level = Math.max(level, this.symbolLevel.get(symbolKey(origin)) ?? 0);
    return level;
  }
}

/** One text for one origin. */
export function symbolKey(origin: shape.Origin): string {
  switch (origin.kind) {
    case 'input':
      return `i${origin.port}.${origin.axis}`;
    case 'state':
      return `s${origin.variable}.${origin.axis}`;
    case 'data':
      return `d${origin.node}:${origin.output}.${origin.axis}`;
    case 'value':
      return `v${origin.node}:${origin.output}[${origin.element}]`;
    case 'def':
      return `=${origin.hint}`;
  }
}

/** A tensor of a model value that has been lowered, in the layouts that exist of it. */
export interface Lowered {
  readonly value: Value;
  plain?: TensorId;
  blocked?: TensorId;
}

/** Whether an argument is a float. */
export const isFloatArg = (a: DraftArg): a is { readonly float: number } => typeof a === 'object' && 'float' in a;
