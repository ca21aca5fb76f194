/** @file What a model format's reader implements. */
import type { Model } from '../ir/model.js';
import type { OperationExtension } from './extension.js';
import type { WeightSource } from '../tensor/literal.js';
import type { Steps } from './steps.js';

/** A model file as a frontend sees it. Works the same for a path, bytes in memory, and bytes in a browser. */
export interface ModelSource {
  /** The whole file. Views of it may be kept: constants share its memory. */
  readonly bytes: Uint8Array;
  /** Path of the file, when it came from one. */
  readonly path?: string | undefined;
  /** Operations that users added. */
  readonly extensions?: readonly OperationExtension[] | undefined;
  /** Weights given beside it (`.bin`). */
  readonly weights?: WeightSource | undefined;
  /**
   * A file beside the model, for external data: `relative` must stay inside the model's folder (no absolute path, `..`,
   * link or device). Throws FILE_NOT_FOUND or MODEL_INVALID. Undefined when the model came without a path.
   */
  readonly beside?: ((relative: string) => ExternalFile) | undefined;
}

/** An opened neighbour file. */
export interface ExternalFile {
  readonly path: string;
  readonly size: number;
  /** The whole file, where it is in memory and `path` is only its name. */
  readonly bytes?: Uint8Array | undefined;
  /** Reads a range that lies inside the file. */
  read(offset: number, length: number): Uint8Array;
}

/** Reads one family of model formats. */
export interface Frontend {
  /** `onnx`, `ir`. */
  readonly name: string;
  /** File endings it is asked for first. */
  readonly formats: readonly string[];
  /** Whether the bytes look like its format; `path` only as a hint. */
  accepts(head: Uint8Array, path?: string): boolean;
  /** Throws MODEL_INVALID or MODEL_UNSUPPORTED; never anything else for bad input. */
  read(source: ModelSource): Model;
  /** The same in steps, for the asynchronous API: large models do not hold the event loop. */
  reading?(source: ModelSource): Steps<Model>;
}
