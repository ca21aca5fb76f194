/** @file Tensors against the ports that they are for. */
import { wrongCall } from '../calls.js';
import { CuveeError } from '../errors.js';
import type { Model } from '../ir/model.js';
import { Value } from '../ir/node.js';
import type { Shape } from '../shape/index.js';
import type { ElementType, Storage } from '../tensor/element.js';
import { Tensor } from '../tensor/tensor.js';

/** Which port a name or a port of the model or of its compiled form means; -1 for none. */
export function indexOfPort(ports: readonly Value[], which: string | Value): number {
  if (which instanceof Value) {
    const same = ports.indexOf(which);
    if (same >= 0) return same;
  }
  const name = which instanceof Value ? which.anyName : which;
  return ports.findIndex(
    (p) =>
      p.names.includes(name) ||
      p.anyName === name ||
      p.node.name === name ||
      (p.node.op.name === 'Result' && p.node.inputs[0]?.names.includes(name)),
  );
}

/** Inputs by name or in order, for a model's ports, as pairs of index and tensor. Throws ARGUMENT_INVALID, TYPE_MISMATCH, SHAPE_MISMATCH. */
export function takeInputs(model: Model, ports: readonly Value[], inputs: object): readonly (readonly [number, Tensor])[] {
  const taken: (readonly [number, Tensor])[] = [];
  const keys = Array.isArray(inputs) ? undefined : Object.keys(inputs);
  const count = keys?.length ?? (inputs as readonly unknown[]).length;
  for (let k = 0; k < count; k++) {
    const i = keys ? indexOf(ports, keys[k] as string) : k;
    const data = keys ? (inputs as Record<string, unknown>)[keys[k] as string] : (inputs as readonly unknown[])[k];
    const port = ports[i];
    if (!port) throw new CuveeError('ARGUMENT_INVALID', `${count} inputs were given, "${model.friendlyName}" takes ${ports.length}`);
    const tensor = data instanceof Tensor ? data : wrap(port, data);
    checkGiven('input', port, tensor);
    taken.push([i, tensor]);
  }
  return taken;
}

function indexOf(ports: readonly Value[], name: string): number {
  const i = indexOfPort(ports, name);
  if (i < 0)
    throw new CuveeError('ARGUMENT_INVALID', `there is no input "${name}"; there are ${ports.map((p) => `"${p.anyName}"`).join(', ')}`);
  return i;
}

/** A bare typed array as the tensor that the port describes. */
function wrap(port: Value, data: unknown): Tensor {
  if (Array.isArray(data) && port.elementType !== 'string')
    throw wrongCall(`Invalid argument: input "${port.anyName}" must be a Tensor or a typed array, got a list.`);
  if (Array.isArray(data) || ArrayBuffer.isView(data)) return new Tensor(port.elementType as ElementType, port.shape, data as Storage);
  if (typeof data === 'object' && data !== null)
    throw wrongCall(`Invalid argument: input "${port.anyName}" must be a Tensor or a typed array.`);
  throw wrongCall(
    `Cannot create a tensor from the passed Napi::Value. Input "${port.anyName}" must be a Tensor or a typed array, got ${typeof data}.`,
  );
}

/** Type and shape against the port: a tensor may have any shape that the port's partial shape admits; outputs are reshaped as needed. */
export function checkGiven(kind: 'input' | 'output', port: Value, tensor: Tensor): void {
  if (port.elementType !== 'dynamic' && tensor.type !== port.elementType)
    throw new CuveeError('TYPE_MISMATCH', `${kind} "${port.anyName}" is ${port.elementType}, the tensor is ${tensor.type}`);
  if (kind === 'input' && !isExactly(port.fact.shape, tensor.shape) && !port.partialShape.accepts(tensor.shape))
    throw new CuveeError('SHAPE_MISMATCH', `input "${port.anyName}" is ${port.partialShape}, the tensor is [${tensor.shape.join(',')}]`);
}

/** What most inputs are: of the one static shape. */
function isExactly(shape: Shape, sizes: readonly number[]): boolean {
  if (shape?.length !== sizes.length) return false;
  for (let i = 0; i < sizes.length; i++) if (shape[i] !== sizes[i]) return false;
  return true;
}

/** A tensor of zeros that suits a port: dynamic dimensions have their least size. */
export const emptyFor = (port: Value): Tensor =>
  new Tensor(port.elementType === 'dynamic' ? 'f32' : port.elementType, port.partialShape.dimensions?.map(([lo]) => lo) ?? []);
