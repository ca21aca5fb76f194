/** @file Runs a room's case: through `evaluate`, through its decomposition, and through `infer` with more or less known. */
import {
  builder,
  decode,
  encode,
  evaluateNode,
  isFloat,
  type Literal,
  Model,
  type NdArray,
  type Node,
  type Op,
  type Value,
} from '../../src/index.js';
import { evaluate, type Dim } from '../../src/shape/index.js';
import type { Case, Tolerance } from '../../src/ops/cases.js';

/** How much of a parameter's shape the model knows. */
export type Knowledge = 'static' | 'symbolic' | 'rank unknown';

/** A model of the one operation: inputs are parameters unless the case makes them constants. */
export function modelOf(room: Op, test: Case, knowledge: Knowledge): { model: Model; node: Node; parameters: readonly NdArray[] } {
  const g = builder();
  const parameters: NdArray[] = [];
  const nodes: Node[] = [];
  const inputs = test.inputs.map((input, i) => {
    if (!input) return undefined;
    if (test.constants?.includes(i)) return g.constant(input);
    const text = { static: `[${input.shape.join(',')}]`, symbolic: `[${input.shape.map(() => '?').join(',')}]`, 'rank unknown': '...' }[
      knowledge
    ];
    const value = g.parameter(input.type, text);
    parameters.push(input.nd());
    nodes.push(value.node);
    return value;
  });
  const outputs = g.node(room, inputs, test.attributes ?? {});
  const node = (outputs[0] as Value).node;
  return {
    model: new Model({ name: room.name, parameters: nodes, results: outputs.map((v) => g.result(v)), scope: g.scope }),
    node,
    parameters,
  };
}

/** What storing a value and reading it again makes of it: f16 and narrower types are rounded. */
export const stored = (a: NdArray): NdArray => ({ ...a, data: decode(a.type, encode(a.type, a.data, a.data.length), a.data.length) });

/** The case's outputs as the room's `evaluate` gives them. */
export function evaluateCase(room: Op, test: Case): readonly NdArray[] {
  const { node } = modelOf(room, test, 'static');
  return evaluateNode(
    node,
    test.inputs.map((x) => x?.nd()),
  ).map(stored);
}

/** The same through `decompose`, or undefined when the room has none for these inputs. */
export function decomposeCase(room: Op, test: Case): readonly NdArray[] | undefined {
  const { node, parameters } = modelOf(room, test, 'static');
  const g = builder();
  const inputs = node.inputs.map(
    (v) => v && (v.fact.value ? g.constant(v.fact.value) : g.parameter(v.fact.type, v.fact.shape as number[])),
  );
  const outputs = room.decompose?.(g, inputs, node.attributes);
  if (!outputs) return undefined;
  const roots = inputs.flatMap((v) => (v?.node.op.name === 'Parameter' ? [v.node] : []));
  const model = new Model({ name: room.name, parameters: roots, results: outputs.map((v) => g.result(v)), scope: g.scope });
  return runModel(model, parameters);
}

/** Runs every node's `evaluate`. */
export function runModel(model: Model, inputs: readonly NdArray[]): readonly NdArray[] {
  const done = new Map<Node, readonly NdArray[]>(model.parameters.map((p, i) => [p, [inputs[i] as NdArray]]));
  const read = (v: Value | undefined): NdArray | undefined => v && done.get(v.node)?.[v.index];
  for (const node of model.nodes()) if (!done.has(node)) done.set(node, evaluateNode(node, node.inputs.map(read)).map(stored));
  return model.results.map((r) => read(r.output) as NdArray);
}

/** What is wrong with the inferred facts, given the truth; undefined when nothing is. */
export function inferProblem(room: Op, test: Case, knowledge: Knowledge, truth: readonly NdArray[]): string | undefined {
  const { model, node } = modelOf(room, test, knowledge);
  if (node.outputs.length !== truth.length) return `${node.outputs.length} facts for ${truth.length} outputs`;
  const sizes = new Map(
    model.parameters.map((p, i) => [p.id, (test.inputs.filter((x, k) => x && !test.constants?.includes(k))[i] as Literal).shape]),
  );
  for (const [i, { fact }] of node.outputs.entries()) {
    const real = truth[i] as NdArray;
    const shown = `output ${i}: inferred ${fact.type} [${fact.shape?.map(String).join(',')}], real ${real.type} [${real.shape.join(',')}]`;
    if (fact.type !== real.type && !(fact.type === 'dynamic' && knowledge === 'rank unknown')) return shown;
    if (!fact.shape) {
      if (knowledge === 'static' && node.inputs.every((v) => v?.fact.value)) return shown;
      continue;
    }
    if (fact.shape.length !== real.shape.length) return shown;
    if (!fact.shape.every((d, axis) => agrees(d, real.shape[axis] as number, sizes, model))) return shown;
    // Elements that are known must be the elements that come out.
    const elements = fact.elements ?? [];
    for (const [k, e] of elements.entries())
      if (typeof e === 'number' && e !== Number(real.data[k]))
        return `element ${k} of output ${i}: inferred ${e}, real ${String(real.data[k])}`;
  }
  return undefined;
}

/** Whether a dimension, bound to the real input sizes, is the real one; where values decide, whether its bounds hold it. */
function agrees(d: Dim, real: number, sizes: ReadonlyMap<unknown, readonly number[]>, model: Model): boolean {
  const [lo, hi] = typeof d === 'number' ? [d, d] : model.scope.bounds(d);
  if (real < lo || real > hi) return false;
  let open = false;
  const value = evaluate(d, ({ origin }) => {
    if (origin?.kind === 'input') return sizes.get(origin.port)?.[origin.axis] as number;
    open = true;
    return Number.NaN;
  });
  return open || value === real;
}

/** The first element that differs by more than the tolerance, as text. */
export function difference(actual: NdArray, expected: NdArray, { rtol, atol }: Tolerance): string | undefined {
  if (actual.type !== expected.type || actual.shape.join() !== expected.shape.join())
    return `${actual.type} [${actual.shape.join(',')}] instead of ${expected.type} [${expected.shape.join(',')}]`;
  let scale = 0;
  for (const x of expected.data) if (typeof x === 'number' && Number.isFinite(x)) scale = Math.max(scale, Math.abs(x));
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [actual.data[i], expected.data[i]];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const exact = typeof b !== 'number' || !isFloat(expected.type);
    if (exact || !(Math.abs((a as number) - (b as number)) <= atol * scale + rtol * Math.abs(b as number)))
      return `element ${i} is ${String(a)} instead of ${String(b)}`;
  }
  return undefined;
}
