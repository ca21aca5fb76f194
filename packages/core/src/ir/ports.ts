/** @file A model's inputs and outputs without what is between them: what a compiled model shows when the graph is gone. */
import { createPartialShape } from '../ops/shape-text.js';
import { PartialShape } from '../shape/partial-shape.js';
import { createScope } from '../shape/scope.js';
import type { ElementType } from '../tensor/element.js';
import { Parameter, Result } from '../ops/parameter.js';
import { Model } from './model.js';
import { Node, Value } from './node.js';

/** One port as plain data. */
export interface PortText {
  /** Friendly name of the Parameter or Result. */
  readonly node: string;
  readonly names: readonly string[];
  readonly type: ElementType;
  /** Partial shape as text. */
  readonly shape: string;
}
/** Ports as plain data, for blobs. An output's names are those that it answers to. */
export interface PortsText {
  readonly name: string;
  readonly friendlyName: string;
  readonly inputs: readonly PortText[];
  readonly outputs: readonly PortText[];
}

/** The same ports, facts and names, over nodes of their own: constants and the graph can be collected. */
export function portsOf(model: Model): Model {
  const bare = ({ fact }: Value): Value['fact'] => ({ type: fact.type, shape: fact.shape });
  const copy = (old: Node, inputs: readonly Value[]): Node => {
    const node = new Node(old.op, old.attributes, inputs, old.givenName, old.origin, old.id);
    node.rtInfo = old.rtInfo;
    node.outputs = old.outputs.map((v) => new Value(node, v.index, bare(v)));
    node.outputs.forEach((v, i) => (v.names = old.outputs[i]?.names ?? []));
    return node;
  };
  const parameters = model.parameters.map((p) => copy(p, []));
  // What results return; it stands for the whole graph.
  const graph = new Node((model.parameters[0] ?? (model.results[0] as Node)).op, {}, [], 'graph');
  const results = model.results.map((old) => {
    const from = old.input(0);
    // Names of what a Result returns are names of the output, too.
    const source = new Value(graph, from.index, bare(from));
    source.names = from.names;
    return copy(old, [source]);
  });
  const ports = new Model({ name: model.name, parameters, results, scope: model.scope.fork() });
  ports.friendlyName = model.friendlyName;
  ports.rtInfo = model.rtInfo;
  ports.path = model.path;
  return ports;
}

/** A model's ports as plain data. */
export const portTexts = (model: Model): PortsText =>
  model.unread?.told.ports ?? {
    name: model.name,
    friendlyName: model.friendlyName,
    inputs: model.inputs.map((v) => textOf(v, v.names)),
    outputs: model.outputs.map((v) => textOf(v, [...new Set([...v.names, ...(v.node.inputs[0]?.names ?? [])])])),
  };
const textOf = (v: Value, names: readonly string[]): PortText => ({
  node: v.node.name,
  names,
  type: v.elementType,
  shape: v.partialShape.toString(),
});

/** A model of ports from their texts. Throws ARGUMENT_INVALID for texts that are none. */
export function portModel(texts: PortsText): Model {
  // Without a builder: who runs what a cache has needs no other rooms.
  const scope = createScope();
  const port = ({ node: name, names, type, shape: given }: PortText): Value => {
    const shape = new PartialShape(given).toString();
    const node = new Node(Parameter, Parameter.attributes({ element_type: type, shape }, name), [], name);
    const value = new Value(node, 0, { type, shape: createPartialShape(shape, { scope, node }) });
    value.names = names;
    node.outputs = [value];
    return value;
  };
  const parameters = texts.inputs.map((p) => port(p).node);
  const results = texts.outputs.map((p) => {
    const source = port(p);
    const result = new Node(Result, {}, [source], p.node);
    result.outputs = [new Value(result, 0, source.fact)];
    return result;
  });
  const model = new Model({ name: texts.name, parameters, results, scope });
  model.friendlyName = texts.friendlyName;
  return model;
}
