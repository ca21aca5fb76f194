/** @file Bodies of control operations as models of their own, whose inputs bring their own sizes. */
import {
  applyPatch,
  builder,
  cloneModel,
  createScope,
  CuveeError,
  decompose,
  Model,
  Node,
  partialShapeOf,
  setFacts,
  type Attributes,
  type Value,
} from '@cuvee/core';
import { prepare, refusals } from './compile.js';
import { keeps } from './keeps.js';

/**
 * A copy of a body in a scope of its own, rewritten for this device. Its parameters are as the graph around the body was inferred:
 * sizes that are symbols there become open ones, inputs that are constant there are constants here. `results`: which of the body's
 * results are wanted, in order; all without it. A text: why it cannot run here.
 */
export function standalone(body: Model, results?: readonly number[]): Model | string {
  try {
    return alone(body, results);
  } catch (error) {
    if (error instanceof CuveeError) return `its body: ${error.message}`;
    throw error;
  }
}

function alone(body: Model, results: readonly number[] | undefined): Model | string {
  const unknown = body.parameters.find((p) => p.output.fact.shape === undefined);
  if (unknown) return `its body's input "${unknown.name}" has an unknown rank`;
  if (body.sinks.length > 0 || body.nodes().some((n) => n.op.traits.variable)) return 'a variable in its body';
  const model = copy(body, results);
  for (const [i, p] of body.parameters.entries()) {
    const { value } = p.output.fact;
    const own = model.parameters[i]?.output;
    if (value && own && own.users.size > 0) applyPatch(model, [[own, builder(model.scope).constant(value)]], 'constant input of a body');
  }
  if (body.parameters.some((p) => p.output.fact.value)) model.infer();
  decompose(model, keeps);
  prepare(model, true);
  const refused = refusals(model)[0];
  return refused ? `in its body ${refused.node.op.name} "${refused.node.name}": ${refused.reason}` : model;
}

function copy(body: Model, results: readonly number[] = body.results.map((_, i) => i)): Model {
  const scope = createScope();
  const nodes = new Map<Node, Node>();
  const values = new Map<Value, Value>();
  for (const old of body.nodes()) {
    const { fact } = old.output;
    const attributes: Attributes = body.parameters.includes(old)
      ? { ...old.attributes, shape: partialShapeOf(fact).toString(), element_type: fact.type }
      : Object.fromEntries(Object.entries(old.attributes).map(([k, v]) => [k, v instanceof Model ? cloneModel(v).model : v]));
    const node = new Node(
      old.op,
      attributes,
      old.inputs.map((v) => v && values.get(v)),
      old.name,
      old.origin,
    );
    setFacts(node, scope);
    old.outputs.forEach((v, i) => values.set(v, node.outputs[i] as Value));
    nodes.set(old, node);
  }
  const parameters = body.parameters.map((p) => nodes.get(p) as Node);
  return new Model({ name: body.name, parameters, results: results.map((i) => nodes.get(body.results[i] as Node) as Node), scope });
}
