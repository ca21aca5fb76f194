/**
 * @file The Plan: what TypeScript compiles a model to and the native executor runs.
 *
 * A plan knows kernel *families* by name and tensors by index; tiles and variants are chosen natively for each shape
 * signature. Every size is a register of the shape program, so one plan serves all shapes.
 */
import type { ElementType, WeightSource } from '@cuvee/core';

/** Index into `Plan.tensors`. */
export type TensorId = number;

/** `plain`: row-major. `blocked`: channels in blocks of the instruction set's width, [N, ⌈C/B⌉, spatial…, B], pad lanes zero. */
export type Layout = 'plain' | 'blocked';

/** Where a tensor's memory comes from. */
export type Storage =
  | { readonly kind: 'arena' }
  | { readonly kind: 'weight'; readonly weight: number }
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'output'; readonly index: number }
  | { readonly kind: 'state'; readonly index: number }
  /** Allocated by the step that makes it, which binds its dimensions' registers; it ends its level. */
  | { readonly kind: 'dynamic' }
  /** The memory of another tensor from a byte offset on (a register; -1: from its start). */
  | { readonly kind: 'view'; readonly of: TensorId; readonly offset: number };

/** One tensor: every dimension is a register. */
export interface PlanTensor {
  readonly type: ElementType;
  readonly layout: Layout;
  readonly storage: Storage;
  readonly dims: readonly number[];
  readonly name: string;
}

/** An argument of a step: an integer, a float, or a register read at run time. */
export type Arg = { readonly int: number | bigint } | { readonly float: number } | { readonly register: number };

/** One kernel call. */
export interface Step {
  /** Kernel family, `conv`, `eltwise`. */
  readonly family: string;
  /** What to do within the family, `max` of `pool`; empty where the family does one thing. */
  readonly action: string;
  readonly inputs: readonly (TensorId | -1)[];
  readonly outputs: readonly TensorId[];
  readonly args: readonly Arg[];
  /** Sub-plans that it runs (Loop: the body; If: then, else). */
  readonly plans?: readonly number[];
  /** Friendly names of the original nodes, for profiles and errors. */
  readonly origin: readonly string[];
  /** Type of the op in the original model. */
  readonly op: string;
}

/** A chain of steps run strip by strip over output rows: intermediates keep only the rows that the next step needs. */
export interface Segment {
  /** First step and number of steps, within the level. */
  readonly first: number;
  readonly count: number;
  /** Rows of the last step's output made at a time; 0: chosen natively from the cache size. */
  readonly rows: number;
}

/** Steps whose sizes are all known when it starts. */
export interface Level {
  readonly steps: readonly Step[];
  readonly segments: readonly Segment[];
}

/** A variable that lives in the request. */
export interface PlanState {
  readonly name: string;
  readonly type: ElementType;
  /** Tensor read by the steps, and the tensor whose content becomes the state after the run (-1: unchanged). */
  readonly read: TensorId;
  readonly write: TensorId | -1;
  /** Partial shape as text. */
  readonly shape: string;
}

/** A constant: bytes in memory or a range of a file. */
export interface PlanWeight {
  readonly source: WeightSource;
  readonly type: ElementType;
}

/** A register that the caller binds: dimension `axis` of input `input`, or element `element` of it. */
export type Binding =
  | { readonly kind: 'dim'; readonly tensor: TensorId; readonly axis: number; readonly register: number }
  | { readonly kind: 'element'; readonly tensor: TensorId; readonly element: number; readonly register: number };

export interface Plan {
  /** Instruction set that it is for: name and width of a channel block. */
  readonly isa: { readonly name: string; readonly block: number };
  /** Shape program as `core`'s `assemble` writes it, with its guards by level. */
  readonly shapes: Uint8Array;
  /** Registers bound when an inference starts (level 0) and after each level. */
  readonly bindings: readonly (readonly Binding[])[];
  readonly tensors: readonly PlanTensor[];
  readonly inputs: readonly TensorId[];
  readonly outputs: readonly TensorId[];
  readonly levels: readonly Level[];
  readonly states: readonly PlanState[];
  readonly weights: readonly PlanWeight[];
  readonly plans: readonly Plan[];
  /** Once-run part that computes large constants: tensors of `weight` storage that steps of this plan write. */
  readonly prologue: Plan | undefined;
}
