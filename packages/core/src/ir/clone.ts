/** @file Copies of models, whole or changed on the way. */
import type { AttributeValue } from '../ops/attributes.js';
import { Model, setFacts } from './model.js';
import { Node, Value } from './node.js';

/** A copy that shares only constants and rooms, in a scope of its own, and what became of each value. */
export interface Cloned {
  readonly model: Model;
  readonly values: ReadonlyMap<Value, Value>;
}

export function cloneModel(source: Model): Cloned {
  const scope = source.scope.fork();
  const values = new Map<Value, Value>();
  const nodes = new Map<Node, Node>();
  for (const old of source.nodes()) {
    const { control } = old.op.traits;
    const attributes = control ? withBodies(old) : old.attributes;
    const node = new Node(
      old.op,
      attributes,
      old.inputs.map((v) => (v ? values.get(v) : undefined)),
      old.name,
      old.origin,
      old.id,
    );
    node.rtInfo = old.rtInfo;
    // Facts are about symbols that both scopes share; only bodies have to be told of their new surroundings.
    if (control) setFacts(node, scope);
    else node.outputs = old.outputs.map((v) => new Value(node, v.index, v.fact));
    old.outputs.forEach((v, i) => {
      const copy = node.outputs[i] as Value;
      copy.names = v.names;
      values.set(v, copy);
    });
    nodes.set(old, node);
  }
  const all = (list: readonly Node[]): Node[] => list.map((n) => nodes.get(n) as Node);
  const model = new Model({
    name: source.name,
    parameters: all(source.parameters),
    results: all(source.results),
    sinks: all(source.sinks),
    scope,
  });
  model.friendlyName = source.friendlyName;
  model.rtInfo = source.rtInfo;
  model.path = source.path;
  return { model, values };
}

const withBodies = (node: Node): Node['attributes'] =>
  Object.fromEntries(
    Object.entries(node.attributes).map(([k, v]): [string, AttributeValue] => [k, v instanceof Model ? cloneModel(v).model : v]),
  );
