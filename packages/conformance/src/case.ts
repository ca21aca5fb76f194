/** @file One conformance case, whatever corpus it comes from. */
import type { Literal } from '@cuvee/core';
import type { OnnxOptions } from '@cuvee/frontend-onnx';

/** Which case of which corpus. Small, so that it can be sent to a worker. */
export interface CaseRef {
  /** `Softmax-8/dyn`, the ONNX test's name, or the case's folder. */
  readonly id: string;
  readonly kind: 'corpus' | 'onnx-node' | 'models' | 'contract';
  /** Zip file or folder. */
  readonly source: string;
  /** Folder within it. */
  readonly path: string;
  /** Operation and version, `Softmax-8`; empty for models. */
  readonly op: string;
  /** Why it cannot be run at all; it counts as a skip. */
  readonly skip?: string;
}

/** |a − b| <= atol · scale + rtol · |b|; `exact`: equal; `shape`: types and shapes only. */
export interface Tolerance {
  readonly kind: 'close' | 'exact' | 'shape';
  readonly rtol: number;
  readonly atol: number;
}

/** An expected output. */
export interface Expected {
  readonly value: Literal;
  readonly name?: string;
  readonly tolerance: Tolerance;
  readonly scale: number;
  /** Mean of |a − b| that must not be exceeded either. */
  readonly meanAbs?: number;
}

/** One inference with what it must give. Inputs by name where the corpus names them, else by position. */
export interface DataSet {
  readonly inputs: readonly { readonly name?: string; readonly value: Literal }[];
  readonly outputs: readonly Expected[];
}

/** A case with its data. */
export interface LoadedCase {
  readonly models: readonly {
    readonly label: string;
    readonly model: string | Uint8Array;
    readonly weights?: Uint8Array;
    readonly onnx?: OnnxOptions;
  }[];
  readonly sets: readonly DataSet[];
  /** States live on from set to set. */
  readonly stateful: boolean;
}

export type Status = 'pass' | 'fail' | 'skip';
export interface Outcome {
  readonly status: Status;
  readonly reason?: string;
  readonly ms?: number;
  readonly op?: string;
  /** What the contract says, for its checks. */
  readonly says?: string;
}
