/** @file The model as a graph of units: what can be placed, what each reads, what it costs. No names of operations, no devices yet. */
import { bytesOf, flopsOf, type Model, type Node, type Value } from '@cuvee/core';
import { components } from './components.js';

/** Units in an order in which they can run. Values are numbered; those of model inputs have no maker. */
export interface Graph {
  /** For each unit: values that it reads from outside, each once. */
  readonly reads: readonly (readonly number[])[];
  /** For each value: the unit that makes it, -1 for an input of the model. */
  readonly maker: readonly number[];
  /** For each value: the units that read it, its maker not among them. */
  readonly readers: readonly (readonly number[])[];
  /** For each value: whether the model gives it as an output. */
  readonly wanted: readonly boolean[];
}

/** A model's units. */
export interface Units {
  readonly graph: Graph;
  /** For each unit: its nodes; more than one where a state is read and assigned, with all that lies between. */
  readonly nodes: readonly (readonly Node[])[];
  readonly values: readonly Value[];
  /** For each value: bytes, free sizes taken as `typical`. */
  readonly bytes: readonly number[];
  /** For each unit: floating-point operations, alike. */
  readonly flops: readonly number[];
}

/** Nodes that say nothing of where they run: ports, constants. */
export const isPort = (node: Node): boolean => node.op.name === 'Parameter' || node.op.name === 'Result';

/**
 * Nodes that follow from constants alone, and that every device runs: each part has its own. `runs` says whether a node can run everywhere.
 */
export function freeNodes(model: Model, runs: (node: Node) => boolean): ReadonlySet<Node> {
  const free = new Set<Node>();
  const wanted = new Set(model.results.map((r) => r.input(0).node));
  for (const node of model.nodes()) {
    if (isPort(node)) continue;
    const constant = node.inputs.length === 0 && node.outputs.every((v) => v.fact.value !== undefined);
    const follows = node.inputs.length > 0 && !node.op.traits.impure && node.inputs.every((v) => !v || free.has(v.node));
    if (constant || (follows && !wanted.has(node) && runs(node))) free.add(node);
  }
  return free;
}

/** Units of all nodes but ports and free ones. */
export function unitsOf(model: Model, free: ReadonlySet<Node>): Units {
  const placed = model.nodes().filter((n) => !isPort(n) && !free.has(n));
  const position = new Map(placed.map((n, i) => [n, i]));
  const leadsTo = placed.map((n): number[] => {
    const users = new Set(n.outputs.flatMap((v) => [...v.users]));
    return [...users].flatMap((u) => position.get(u) ?? []);
  });
  // All nodes of one state lead to each other, and with them whatever lies between.
  const states = new Map<string, number[]>();
  placed.forEach((n, i) => {
    const id = n.attributes.variable_id;
    if (typeof id === 'string') states.set(id, [...(states.get(id) ?? []), i]);
  });
  for (const [first = 0, ...others] of states.values())
    for (const other of others) {
      leadsTo[first]?.push(other);
      leadsTo[other]?.push(first);
    }
  const nodes = components(leadsTo).map((unit) => unit.map((i) => placed[i] as Node));
  const unitOf = new Map(nodes.flatMap((unit, i) => unit.map((n) => [n, i] as const)));
  return { nodes, ...valuesOf(model, nodes, unitOf, free), flops: nodes.map((unit) => unit.reduce((sum, n) => sum + flopsOf(n), 0)) };
}

function valuesOf(model: Model, nodes: Units['nodes'], unitOf: ReadonlyMap<Node, number>, free: ReadonlySet<Node>) {
  const outputs = new Set(model.results.map((r) => r.input(0)));
  const values: Value[] = [...model.inputs, ...nodes.flat().flatMap((n) => n.outputs)];
  const number = new Map(values.map((v, i) => [v, i]));
  const reads = nodes.map((unit, i) => {
    const read = unit.flatMap((n) => n.inputs.filter((v): v is Value => v !== undefined && !free.has(v.node) && unitOf.get(v.node) !== i));
    // What is known before anything runs is no value to hand over.
    return [...new Set(read.filter((v) => v.fact.value === undefined).map((v) => number.get(v) as number))];
  });
  const readers: number[][] = values.map(() => []);
  reads.forEach((list, unit) => {
    for (const v of list) readers[v]?.push(unit);
  });
  const graph: Graph = {
    reads,
    readers,
    maker: values.map((v) => unitOf.get(v.node) ?? -1),
    wanted: values.map((v) => outputs.has(v)),
  };
  return { graph, values, bytes: values.map((v) => bytesOf(v.fact)) };
}
