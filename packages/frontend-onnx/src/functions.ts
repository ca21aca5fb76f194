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
export function callAttributes(f: FunctionProto, given: readonly AttributeProto[]): ReadonlyMap<string, AttributeProto> {
  const attributes = new Map<string, AttributeProto>();
  for (const a of f.attributeProto) attributes.set(a.name ?? '', a);
  for (const name of [...f.attribute, ...attributes.keys()]) {
    const a = attributeNamed(given, name);
    if (a) attributes.set(name, a);
  }
  return attributes;
}

/** The attribute of a name: nodes have few. */
export function attributeNamed(attributes: readonly AttributeProto[], name: string): AttributeProto | undefined {
  for (let i = 0; i < attributes.length; i++) if ((attributes[i]?.name ?? '') === name) return attributes[i];
  return undefined;
}

/**
 * A node's attributes, with references to the enclosing function's attributes resolved; a reference to one that
 * the call left out is left out too. Throws MODEL_INVALID for a name given twice.
 */
export function resolveAttributes(
  node: NodeProto,
  enclosing: ReadonlyMap<string, AttributeProto> | undefined,
  what: string,
): readonly AttributeProto[] {
  const given = node.attribute;
  const twice = namedTwice(given);
  if (twice) throw new CuveeError('MODEL_INVALID', `${what}: attribute "${twice.name ?? ''}" is given twice`);
  return given.some(isReference) ? given.flatMap((a) => (isReference(a) ? resolved(a, enclosing, what) : [a])) : given;
}

/** An attribute whose name one before it has. */
function namedTwice(given: readonly AttributeProto[]): AttributeProto | undefined {
  if (given.length <= 16) {
    for (let i = 1; i < given.length; i++) if (attributeNamed(given, given[i]?.name ?? '') !== given[i]) return given[i];
    return undefined;
  }
  const seen = new Set<string>();
  return given.find(({ name = '' }) => seen.size === seen.add(name).size);
}

const isReference = (a: AttributeProto): boolean => Boolean(a.refAttrName);

function resolved(a: AttributeProto, enclosing: ReadonlyMap<string, AttributeProto> | undefined, what: string): AttributeProto[] {
  const { name = '' } = a;
  const value = enclosing?.get(a.refAttrName as string);
  if (value && a.type && value.type && value.type !== a.type)
    throw new CuveeError('MODEL_INVALID', `${what}: attribute "${name}" refers to "${a.refAttrName}", which is of another type`);
  return value ? [{ ...value, name }] : [];
}
