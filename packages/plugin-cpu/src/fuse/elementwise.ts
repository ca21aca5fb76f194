/** @file Joins elementwise operations that feed each other into programs, so that memory is read and written once. */
import { applyPatch, builder, stride, type Model, type Node, type Steps, type Value } from '@cuvee/core';
import { Elementwise, instructionOf, writeProgram, type Instruction } from '../ops/elementwise.js';

const mostInstructions = 16;
const mostInputs = 8;

const joins = (v: Value): boolean => v.fact.type === 'f32' || v.fact.type === 'boolean';
/** A node whose operation can be part of a program: f32, its booleans included. */
const member = (node: Node): boolean =>
  instructionOf(node) !== undefined &&
  node.outputs.length === 1 &&
  joins(node.output) &&
  node.inputs.every((v) => v !== undefined && joins(v));

/**
 * Whether `a` may have the shape of `b`, into which it broadcasts: equal sizes, or sizes that only the run tells. Computing `a` at
 * the places of `b` is right in any case; it is wasted work where `a` is smaller, so a size known to be 1 says no.
 */
const mayHaveShape = (a: Value, b: Value): boolean => {
  const x = a.fact.shape;
  const y = b.fact.shape;
  return x !== undefined && y !== undefined && x.length === y.length && x.every((d, i) => d === y[i] || typeof d !== 'number');
};

/** What the instruction of a node reads, each value once. */
const operands = (node: Node): readonly Value[] => [
  ...new Set(node.inputs.slice(0, (instructionOf(node) as { reads: number }).reads) as Value[]),
];

/** A program under construction, from its root upwards. */
class Group {
  readonly nodes = new Set<Node>();
  inputs: readonly Value[];
  readonly root: Node;

  constructor(root: Node) {
    this.root = root;
    this.nodes.add(root);
    this.inputs = operands(root);
    for (let i = 0; i < this.inputs.length; ) {
      const value = this.inputs[i] as Value;
      const next = this.absorbs(value) ? [...new Set([...this.inputs.filter((v) => v !== value), ...operands(value.node)])] : this.inputs;
      if (next === this.inputs || next.length > mostInputs) {
        i++;
        continue;
      }
      this.nodes.add(value.node);
      this.inputs = next;
      i = 0;
    }
  }

  private absorbs(value: Value): boolean {
    return (
      value.fact.value === undefined &&
      [...value.users].every((user) => this.nodes.has(user)) &&
      mayHaveShape(value, this.root.output) &&
      member(value.node) &&
      this.nodes.size < mostInstructions
    );
  }

  /** Instructions in order of dependence. */
  program(order: ReadonlyMap<Node, number>): Instruction[] {
    const register = new Map<Value, number>(this.inputs.map((v, i) => [v, i]));
    return [...this.nodes]
      .sort((a, b) => (order.get(a) as number) - (order.get(b) as number))
      .map((node, k) => {
        const { instruction } = instructionOf(node) as { instruction: Instruction };
        const at = (i: number): number => (i < 0 ? -1 : (register.get(node.input(i)) as number));
        const { opcode, a, b, c, p, q } = instruction;
        const placed = { opcode, a: at(a), b: at(b), c: at(c), p, q };
        register.set(node.output, this.inputs.length + k);
        return placed;
      });
  }
}

/** Replaces every chain of two or more members by one Elementwise node. */
export function* fusingElementwise(model: Model): Steps<void> {
  const nodes = model.nodes();
  const order = new Map(nodes.map((n, i) => [n, i]));
  const taken = new Set<Node>();
  const g = builder(model.scope);
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (i % stride === 0) yield;
    const root = nodes[i] as Node;
    if (taken.has(root) || !member(root) || root.output.users.size === 0) continue;
    const group = new Group(root);
    if (group.nodes.size < 2) continue;
    for (const node of group.nodes) taken.add(node);
    const origin = [...group.nodes].flatMap((n) => n.origin);
    const [value] = g.node(
      Elementwise,
      group.inputs,
      { program: writeProgram(group.program(order)), type: root.output.fact.type },
      { name: root.name, origin },
    ) as [Value];
    applyPatch(model, [[root.output, value]], 'elementwise fusion');
  }
}
