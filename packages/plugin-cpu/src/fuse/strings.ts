/** @file A model with strings as one over their numbers: ports of strings become three ports each (begins, ends, UTF-8 bytes). */
import { builder, Literal, Model, partialShapeOf, type Builder, type Node, type Value } from '@cuvee/core';
import { instructionOf } from '../ops/elementwise.js';
import { names } from '../ops/names.js';
import { numberedOps, packing, StringNumbers, unpacking } from '../ops/strings.js';
import { encodeStrings } from '../strings.js';

/** The model without strings, and which nodes of it each old node became; or the nodes that do not let it, each with the reason. */
export type Numbered =
  | { readonly model: Model; readonly made: ReadonlyMap<Node, readonly Node[]> }
  | { readonly refused: ReadonlyMap<Node, string> };

const isText = (v: Value | undefined): boolean => v?.fact.type === 'string';
export const hasStrings = (model: Model): boolean => model.nodes().some((n) => n.outputs.some(isText));

/** Instructions that do not ask what an element means. */
const blind = new Set(['equal', 'not_equal', 'select', 'copy']);

/** Why an operation over strings cannot be one over numbers. */
function refusal(node: Node): string | undefined {
  const { op, attributes } = node;
  if (!isText(node.outputs[0]) && ![...node.inputs, ...node.outputs].some(isText)) return undefined;
  if (op.name === names.sizes) return undefined;
  if (['Parameter', 'Result', 'Constant', packing].includes(op.name) || numberedOps.has(op.name)) {
    return node.output.fact.shape || op.name === 'Result' ? undefined : 'its rank is unknown';
  }
  const { moves } = op.traits;
  if (typeof moves === 'function' ? moves(attributes) : moves) return undefined;
  return blind.has(instructionOf(node)?.instruction.opcode ?? '') ? undefined : 'element type string';
}

/** Makes it. The old model stays as it is, save for bodies of loops and branches, which are shared. */
export function withoutStrings(old: Model): Numbered {
  const refused = new Map(old.nodes().flatMap((node) => (refusal(node) === undefined ? [] : [[node, refusal(node) as string] as const])));
  if (refused.size > 0) return { refused };
  const g = builder();
  const values = new Map<Value, Value>();
  const made = new Map<Node, readonly Node[]>();
  const parameters: Node[] = [];
  const results: Node[] = [];
  for (const node of old.nodes()) {
    const inputs = node.inputs.map((v) => v && (values.get(v) as Value));
    const own = translated(g, node, inputs);
    own.values.forEach((v, i) => values.set(node.outputs[i] as Value, v));
    made.set(node, own.nodes);
    for (const n of own.nodes) if (n.op.name === 'Parameter') parameters.push(n);
  }
  for (const node of old.results) results.push(...(made.get(node) ?? []).filter((n) => n.op.name === 'Result'));
  const order = new Map(old.parameters.flatMap((p) => made.get(p) ?? []).map((n, i) => [n, i]));
  parameters.sort((a, b) => (order.get(a) as number) - (order.get(b) as number));
  const sinks = old.sinks.flatMap((n) => made.get(n) ?? []);
  return { model: new Model({ name: old.name, parameters, results, sinks, scope: g.scope }), made };
}

interface Translated {
  readonly values: readonly Value[];
  readonly nodes: readonly Node[];
}

function translated(g: Builder, node: Node, inputs: readonly (Value | undefined)[]): Translated {
  const { op, attributes, name, origin } = node;
  const options = { name, origin };
  const like = (list: readonly Value[], ...more: readonly Value[]): Translated => ({
    values: list,
    nodes: [...new Set([...more, ...list].map((v) => v.node))],
  });
  const numbers = (parts: readonly Value[]): Value => g.node(StringNumbers, parts, {}, options)[0] as Value;
  if (op.name === 'Parameter') {
    const shape = partialShapeOf(node.output.fact).toString();
    if (!isText(node.output)) return like([g.parameter(node.output.fact.type, shape, name)]);
    const parts = [g.parameter('i32', shape, name), g.parameter('i32', shape, `${name}.ends`), g.parameter('u8', '[?]', `${name}.bytes`)];
    return like([numbers(parts)], ...parts);
  }
  if (op.name === 'Result') {
    const [x] = inputs as [Value];
    const parts = isText(node.inputs[0]) ? bytesOf(g, x, options) : [x];
    const ends = parts.map((v) => g.result(v, name));
    return { values: ends.map((n) => n.output).slice(0, 1), nodes: [...ends, ...(parts.length > 1 ? [(parts[0] as Value).node] : [])] };
  }
  if (op.name === 'Constant') {
    const literal = node.output.fact.value as Literal;
    if (!isText(node.output)) return like([g.constant(literal, name)]);
    const { begins, ends, symbols } = encodeStrings(literal.storage as readonly string[]);
    const parts = [
      Literal.of('i32', literal.shape, begins),
      Literal.of('i32', literal.shape, ends),
      Literal.of('u8', [symbols.length], symbols),
    ];
    return like([numbers(parts.map((l) => g.constant(l)))]);
  }
  if (op.name === packing) return like([numbers(inputs as Value[])]);
  return like(g.node(numberedOps.get(op.name) ?? op, inputs, attributes, options));
}

const bytesOf = (g: Builder, x: Value, options: { readonly name: string; readonly origin: readonly string[] }): readonly Value[] =>
  g.node(numberedOps.get(unpacking) as NonNullable<ReturnType<typeof numberedOps.get>>, [x], {}, options);
