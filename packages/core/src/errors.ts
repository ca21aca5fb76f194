/** The reasons for which Cuvée refuses or fails; stable, for programs to test. */
export type ErrorCode =
  | 'MODEL_INVALID'
  | 'MODEL_UNSUPPORTED'
  | 'SHAPE_MISMATCH'
  | 'TYPE_MISMATCH'
  | 'DEVICE_NOT_FOUND'
  | 'DEVICE_LOST'
  | 'PROPERTY_UNKNOWN'
  | 'PROPERTY_INVALID'
  | 'PLUGIN_LOAD_FAILED'
  | 'BUSY'
  | 'CANCELLED'
  | 'OUT_OF_MEMORY'
  | 'FILE_NOT_FOUND'
  | 'ARGUMENT_INVALID'
  | 'NOT_IMPLEMENTED'
  | 'SYNC_UNAVAILABLE'
  | 'INTERNAL';

/** What an error is about, beside its text. */
export interface ErrorDetails {
  /** Operation type, `Concat`. */
  readonly op?: string | undefined;
  /** Friendly name of the node. */
  readonly node?: string | undefined;
  readonly cause?: unknown;
  /** The message goes without the code in front, as what a wrong call throws. */
  readonly plain?: boolean | undefined;
}

/** Marks the errors of every copy of this module: loaders that translate ES modules may well make two. */
const mark: unique symbol = Symbol.for('cuvee.CuveeError');

/**
 * Every failure that Cuvée reports. The message says what was being done, the op, the node, what was expected
 * and what was there; `code` is for programs; `cause` is the failure underneath.
 */
export class CuveeError extends Error {
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** Operation that it happened in. */
  readonly op: string | undefined;
  /** Friendly name of the node that it happened in. */
  readonly node: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(details.plain ? message : `[${code}] ${message}`, details.cause === undefined ? undefined : { cause: details.cause });
    // Not enumerable, as an engine's own errors have it.
    Object.defineProperty(this, 'name', { value: details.plain ? 'Error' : 'CuveeError', configurable: true, writable: true });
    this.code = code;
    this.op = details.op;
    this.node = details.node;
  }

  get [mark](): true {
    return true;
  }
  /** The message without the code. */
  get text(): string {
    const code = `[${this.code}] `;
    return this.message.startsWith(code) ? this.message.slice(code.length) : this.message;
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && mark in value;
  }

  /** The same failure with what was being done put in front: `compiling "det.onnx" for CPU: …`. */
  static wrap(doing: string, error: unknown, code: ErrorCode = 'INTERNAL', about: Pick<ErrorDetails, 'op' | 'node'> = {}): CuveeError {
    if (error instanceof CuveeError) {
      return new CuveeError(error.code, `${doing}: ${error.text}`, {
        op: error.op ?? about.op,
        node: error.node ?? about.node,
        cause: error.cause ?? error,
      });
    }
    const text = error instanceof Error ? error.message : String(error);
    // What the engine says when a size is beyond all memory.
    const large = error instanceof RangeError && /^(Invalid (typed )?array length|Array buffer allocation failed)/.test(text);
    return new CuveeError(large ? 'OUT_OF_MEMORY' : code, `${doing}: ${text}`, { ...about, cause: error });
  }
}
