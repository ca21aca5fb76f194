/** @file A model's inputs and outputs as its file declares them, with the names that the file gives to dimensions. */
import type { ElementType } from '@cuvee/core';
import { toNumber } from './checked.js';
import { readModelProto, type ValueInfoProto } from './proto/index.js';
import { elementTypeOf } from './types.js';

/** One input or output as declared. */
export interface DeclaredPort {
  readonly name: string;
  /** Undefined for what is no tensor (a sequence, a map), and for an output whose type the file leaves out. */
  readonly type: ElementType | undefined;
  /** A size, the name of a symbol, or '' where the file says nothing. Undefined: the rank is not declared. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** Reads the declarations of an ONNX file; inputs that an initialiser gives a value are left out. Throws MODEL_INVALID. */
export function declaredPorts(bytes: Uint8Array): { readonly inputs: readonly DeclaredPort[]; readonly outputs: readonly DeclaredPort[] } {
  const { graph } = readModelProto(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), 'the file');
  const constant = new Set(graph?.initializer.map((tensor) => tensor.name));
  return {
    inputs: (graph?.input ?? []).filter(({ name }) => !constant.has(name)).map(portOf),
    outputs: (graph?.output ?? []).map(portOf),
  };
}

function portOf({ name = '', type }: ValueInfoProto): DeclaredPort {
  const tensor = type?.tensorType;
  return {
    name,
    type: tensor?.elemType ? elementTypeOf(tensor.elemType, `"${name}"`) : undefined,
    shape: tensor?.shape?.dim.map(({ dimValue, dimParam }) =>
      dimValue !== undefined && dimValue >= 0n ? toNumber(dimValue) : (dimParam ?? ''),
    ),
  };
}
