/** Functions that a model brings along, and the limits of putting their bodies in place of calls. */
import { CuveeError } from '@cuvee/core';
import type { AttributeProto, FunctionProto, ModelProto, NodeProto } from './proto/index.js';

/** A domain's name; 'ai.onnx' is ''. */
export const domainOf = (domain: string | undefined): string => (domain === 'ai.onnx' ? '' : (domain ?? ''));
const keyOf = (domain: string | undefined, name: string | undefined, overload: string | undefined): string =>
  JSON.stringify([domainOf(domain), name ?? '', overload ?? '']);

/** The functions of a model by domain, name and overload. */
export class Functions {
  readonly #byKey = new Map<string, FunctionProto>();

  /** Throws MODEL_INVALID when two functions have one identity. */
  constructor(model: ModelProto) {
    for (const f of model.functions) {
      const key = keyOf(f.domain, f.name, f.overload);
      if (this.#byKey.has(key)) throw new CuveeError('MODEL_INVALID', `function ${f.domain ?? ''}.${f.name ?? ''} is defined twice`);
      this.#byKey.set(key, f);
    }
  }

  /** The function that a node calls. */
  find(node: NodeProto): FunctionProto | undefined {
    return this.#byKey.get(keyOf(node.domain, node.opType, node.overload));
  }
}

/** The attributes that a call hands to a function's body: given, or the function's defaults. Throws MODEL_INVALID for a missing one. */
export function callAttributes(f: FunctionProto, given: ReadonlyMap<string, AttributeProto>): ReadonlyMap<string, AttributeProto> {
  const attributes = new Map<string, AttributeProto>();
  for (const a of f.attributeProto) attributes.set(a.name ?? '', a);
  for (const name of [...f.attribute, ...attributes.keys()]) {
    const a = given.get(name);
    if (a) attributes.set(name, a);
  }
  return attributes;
}

/**
 * A node's attributes by name, with references to the enclosing function's attributes resolved; a reference to one that
 * the call left out is left out too. Throws MODEL_INVALID for a name given twice.
 */
export function resolveAttributes(
  node: NodeProto,
  enclosing: ReadonlyMap<string, AttributeProto> | undefined,
  what: string,
): ReadonlyMap<string, AttributeProto> {
  const attributes = new Map<string, AttributeProto>();
  for (const a of node.attribute) {
    const name = a.name ?? '';
    if (attributes.has(name)) throw new CuveeError('MODEL_INVALID', `${what}: attribute "${name}" is given twice`);
    if (a.refAttrName) {
      const value = enclosing?.get(a.refAttrName);
      if (value && a.type && value.type && value.type !== a.type)
        throw new CuveeError('MODEL_INVALID', `${what}: attribute "${name}" refers to "${a.refAttrName}", which is of another type`);
      if (value) attributes.set(name, { ...value, name });
    } else attributes.set(name, a);
  }
  return attributes;
}
