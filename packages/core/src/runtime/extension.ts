/** @file Operations of one's own. */
import { CuveeError } from '../errors.js';
import type { Op } from '../ops/op.js';

/**
 * Operations beside the opsets: `core.addExtension({ ops: [myRoom] })`. A room with `decompose` runs on every device; one with
 * `evaluate` (JavaScript, or WebAssembly behind it) runs on REFERENCE, and there for any other device, too, by HETERO; `kernels` run
 * on CPU.
 */
export interface OperationExtension {
  /** Rooms, each made by `op` with a `domain`. IR files name them by type and `version="domain"`, ONNX files by type and domain. */
  readonly ops: readonly Op[];
  /**
   * Readers of source formats, by format, domain and operator: `{ onnx: { 'my.domain': { MyOp: ({ g, inputs, attr }) => … } } }`.
   * An ONNX node whose domain and operator are a room's needs none: its inputs and attributes are taken as they are.
   */
  readonly conversions?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  /** Path of a shared library with kernels for the CPU, by `cuvee_kernel.h`. */
  readonly kernels?: string;
}

export const isOperationExtension = (x: object): x is OperationExtension => 'ops' in x && Array.isArray(x.ops);

/** Throws ARGUMENT_INVALID for an operation without a domain, or with one that opsets use, or that exists already. */
export function checkExtension({ ops }: OperationExtension, known: readonly OperationExtension[]): void {
  const names = new Set(known.flatMap((e) => e.ops.map(fullName)));
  for (const room of ops) {
    const fail = (why: string): never => {
      throw new CuveeError('ARGUMENT_INVALID', `the extension's operation ${room.name} ${why}`, { op: room.name });
    };
    if (typeof room.infer !== 'function') fail('is no room: make it with op(name, { … })');
    if (room.domain === undefined || room.domain === '' || /^opset\d+$/.test(room.domain)) fail('needs a domain of its own');
    if (names.has(fullName(room))) fail(`exists in domain "${room.domain}" already`);
    names.add(fullName(room));
  }
}

const fullName = (room: Op): string => `${room.domain}.${room.name}`;

/** The room of a domain's operation. */
export const ownRoom = (extensions: readonly OperationExtension[], domain: string, name: string): Op | undefined =>
  extensions.flatMap((e) => e.ops).find((room) => room.domain === domain && room.name === name);
