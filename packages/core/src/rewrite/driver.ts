/** @file Applies rule lists to a model until nothing changes. */
import { CuveeError } from '../errors.js';
import type { Model } from '../ir/model.js';
import type { Node, Value } from '../ir/node.js';
import { applyPatch, joined } from '../ir/patch.js';
import { builder } from '../opset/index.js';
import { atOnce, stride, type Steps } from '../runtime/steps.js';
import { Bindings } from './bindings.js';
import type { Bound, Rule } from './pattern.js';

/** Told of each rewrite; stops the driver by returning false. */
export type OnRewrite = (rule: string, node: string) => boolean | undefined;

const sweeps = 12;

/**
 * Sweeps over the nodes in topological order, trying the rules in their order at each node, until a sweep changes nothing. After the first
 * sweep only nodes are tried that a rewrite may have made a difference to since they were last tried (`Pattern.reach`).
 * Returns how often each rule fired. Throws INTERNAL, naming rule and node, when a rule breaks a fact or never comes to rest.
 */
export const rewrite = (model: Model, rules: readonly Rule[], onRewrite?: OnRewrite): ReadonlyMap<string, number> =>
  atOnce(rewriting(model, rules, onRewrite));

/** The same in steps. */
export function* rewriting(model: Model, rules: readonly Rule[], onRewrite?: OnRewrite): Steps<ReadonlyMap<string, number>> {
  const work = new Rewriting(model, rules, onRewrite);
  for (let sweep = 0; sweep < sweeps && work.begin(sweep); sweep++) {
    do yield;
    while (work.goOn());
  }
  return work.fired;
}

/** The rules for nodes of one op, and how far up they look. */
interface Candidates {
  readonly rules: readonly Rule[];
  readonly reach: number;
}

/** The driver between two steps. What runs for each node is in methods of their own: engines compile them one by one. */
class Rewriting {
  readonly fired = new Map<string, number>();
  readonly #model: Model;
  readonly #builder: ReturnType<typeof builder>;
  readonly #onRewrite: OnRewrite | undefined;
  readonly #byRoot = new Map<string, Candidates>();
  readonly #anywhere: Candidates;
  /** How far up any rule looks. */
  readonly #furthest: number;
  /** There to be filled: one for all tries. */
  readonly #bound: Bound = { values: new Bindings(), nodes: new Bindings() };
  #nodes: readonly Node[] = [];
  #at = 0;
  #isFirst = true;
  #changed = true;
  #stopped = false;
  /** Nodes to be tried. */
  #pending = new Set<Node>();

  constructor(model: Model, rules: readonly Rule[], onRewrite: OnRewrite | undefined) {
    this.#model = model;
    this.#builder = builder(model.scope);
    this.#onRewrite = onRewrite;
    const roots = new Set(rules.flatMap(rootsOf));
    for (const root of roots) this.#byRoot.set(root, candidates(rules.filter(({ pattern }) => pattern.roots?.includes(root) ?? true)));
    this.#anywhere = candidates(rules.filter(({ pattern }) => !pattern.roots));
    this.#furthest = candidates(rules).reach;
  }

  /** Begins a sweep; false when there is nothing left to do. */
  begin(sweep: number): boolean {
    if (this.#stopped || !this.#changed) return false;
    this.#nodes = this.#model.nodes();
    this.#at = 0;
    this.#changed = false;
    this.#isFirst = sweep === 0;
    if (this.#isFirst) this.#pending = new Set(this.#nodes);
    return true;
  }

  /** Tries some nodes; false when that was the end of the sweep. */
  goOn(): boolean {
    const nodes = this.#nodes;
    const end = Math.min(nodes.length, this.#at + stride);
    for (let i = this.#at; i < end; i++) if (this.#pending.delete(nodes[i] as Node)) this.#visit(nodes[i] as Node);
    this.#at = end;
    return end < nodes.length && !this.#stopped;
  }

  #visit(node: Node): void {
    const { rules } = this.#byRoot.get(node.op.name) ?? this.#anywhere;
    // A node that an earlier rewrite of this sweep made dead has no users left.
    if (rules.length === 0 || this.#stopped || !node.outputs.some(isRead)) return;
    const { values, nodes } = this.#bound;
    for (let i = 0; i < rules.length; i++) {
      const r = rules[i] as Rule;
      values.cut(0);
      nodes.cut(0);
      if (!r.pattern(node.output, this.#bound) || !this.#fire(r, node.output)) continue;
      this.#changed = true;
      this.fired.set(r.name, (this.fired.get(r.name) ?? 0) + 1);
      this.#stopped = this.#onRewrite?.(r.name, node.name) === false;
      return;
    }
  }

  #fire(r: Rule, root: Value): boolean {
    const g = this.#builder;
    const { values, nodes } = this.#bound;
    g.origin = root.node.origin;
    try {
      const replacement = r.replace(g, (name) => values.get(name) as Value, { values, nodes, root });
      if (replacement === undefined || replacement === root) return false;
      for (const { origin } of nodes.values()) replacement.node.origin = joined(replacement.node.origin, origin);
      const left: Value[] = [];
      applyPatch(this.#model, [[root, replacement]], `rule ${r.name}`, left);
      this.#newNode(replacement.node);
      this.#readersChanged(replacement);
      for (let i = 0; i < left.length; i++) this.#readersChanged(left[i] as Value);
      return true;
    } catch (error) {
      throw CuveeError.wrap(`rule ${r.name} at ${root.node.op.name} "${root.node.name}"`, error);
    } finally {
      g.origin = undefined;
    }
  }

  /** A node that a rule made is to be tried, and those that it is made of; what these read has a reader more. */
  #newNode(node: Node): void {
    if (node.walk > 0 || this.#pending.has(node)) return; // there before
    this.#pending.add(node);
    for (let i = 0; i < node.inputs.length; i++) {
      const value = node.inputs[i];
      if (!value) continue;
      this.#newNode(value.node);
      this.#readersChanged(value);
    }
  }

  /** Nodes that look as far up as this value are to be tried again. Rules do not ask who reads a Constant. */
  #readersChanged(value: Value): void {
    if (value.node.op.name === 'Constant') return;
    this.#tryAgain(value.node, 0);
    const seen = new Set<Node>();
    let front: readonly Value[] = [value];
    for (let distance = 1; distance <= this.#furthest && front.length > 0; distance++) {
      const next: Value[] = [];
      for (let i = 0; i < front.length; i++)
        for (const reader of (front[i] as Value).users) {
          // In the first sweep, what depends on a node whose turn is yet to come has it later still.
          if (seen.has(reader) || (this.#isFirst && this.#pending.has(reader))) continue;
          seen.add(reader);
          this.#tryAgain(reader, distance);
          next.push(...reader.outputs);
        }
      front = next;
    }
  }

  #tryAgain(node: Node, distance: number): void {
    const { rules, reach } = this.#byRoot.get(node.op.name) ?? this.#anywhere;
    if (rules.length > 0 && reach >= distance) this.#pending.add(node);
  }
}

const isRead = (v: Value): boolean => v.users.size > 0;
const rootsOf = ({ pattern }: Rule): readonly string[] => pattern.roots ?? [];
const reachOf = (r: Rule): number => Math.max(r.pattern.reach, r.reach ?? 0);
const candidates = (rules: readonly Rule[]): Candidates => ({ rules, reach: rules.reduce((most, r) => Math.max(most, reachOf(r)), 0) });
