/** @file Cuts a model into parts that run one after the other, each on one device. */
import { CuveeError } from '../errors.js';
import { builder } from '../opset/index.js';
import { partialShapeOf } from './fact.js';
import { Model } from './model.js';
import type { Node, Value } from './node.js';

/** One part: a model of its own, and which values of the whole its inputs and outputs are. */
export interface Part {
  readonly label: string;
  readonly model: Model;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Nodes of the whole that it runs; constants not among them. */
  readonly nodes: readonly Node[];
}

/**
 * Parts in an order in which they can run: every value is made before it is read, by construction. `labelOf` gives each node its
 * device; constants go wherever they are read. States must not be cut off from their Assign: both get the label of the ReadValue.
 */
export function splitModel(model: Model, labelOf: (node: Node) => string): readonly Part[] {
  const level = new Map<Node, number>();
  const inner = model.nodes().filter((n) => !isEdge(n));
  const variables = new Map<string, string>();
  for (const node of inner) if (node.op.traits.variable === 'read') variables.set(String(node.attributes.variable_id), labelOf(node));
  const label = (node: Node): string =>
    node.op.traits.variable === 'write' ? (variables.get(String(node.attributes.variable_id)) ?? labelOf(node)) : labelOf(node);
  // A node joins the part of its inputs when that has its label, else the next one: so parts can only feed later parts.
  for (const node of inner) {
    const sources = node.inputs.flatMap((v) => (v && level.has(v.node) ? [v.node] : []));
    level.set(node, Math.max(0, ...sources.map((s) => (level.get(s) as number) + (label(s) === label(node) ? 0 : 1))));
  }
  const groups = new Map<string, Node[]>();
  for (const node of inner) {
    const key = `${String(level.get(node)).padStart(6, '0')} ${label(node)}`;
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  const wanted = new Set(model.results.map((r) => r.input(0)));
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, nodes]) => part(model, key.slice(7), nodes, wanted));
}

const isEdge = (n: Node): boolean => n.op.name === 'Parameter' || n.op.name === 'Result' || n.op.name === 'Constant';

function part(whole: Model, label: string, nodes: readonly Node[], wanted: ReadonlySet<Value>): Part {
  const own = new Set(nodes);
  const g = builder();
  const values = new Map<Value, Value>();
  const inputs: Value[] = [];
  const parameters: Node[] = [];
  const take = (v: Value): Value => {
    const known = values.get(v);
    if (known) return known;
    let made: Value;
    if (v.fact.value && !own.has(v.node)) made = g.constant(v.fact.value, v.node.name);
    else {
      if (v.fact.shape === undefined)
        throw new CuveeError('MODEL_UNSUPPORTED', `the model cannot be cut at "${v.label}", whose rank is unknown`, { node: v.node.name });
      made = g.parameter(v.fact.type, partialShapeOf(v.fact).toString(), v.node.op.name === 'Parameter' ? v.node.name : v.label);
      parameters.push(made.node);
      inputs.push(v);
    }
    values.set(v, made);
    return made;
  };
  for (const node of nodes) {
    const outs = g.node(
      node.op,
      node.inputs.map((v) => (v ? take(v) : undefined)),
      node.attributes,
      { name: node.name, origin: node.origin },
    );
    outs.forEach((o, i) => values.set(node.outputs[i] as Value, o));
  }
  const outputs = nodes
    .flatMap((n) => n.outputs)
    .filter((v) => wanted.has(v) || [...v.users].some((u) => !own.has(u) && u.op.name !== 'Result'));
  const results = outputs.map((v) => g.result(values.get(v) as Value, v.label));
  const sinks = nodes.filter((n) => n.op.traits.variable === 'write').map((n) => (values.get(n.output) as Value).node);
  const model = new Model({ name: `${whole.name} (${label})`, parameters, results, sinks, scope: g.scope });
  return { label, model, inputs, outputs, nodes };
}
