/** @file Applies rule lists to a model until nothing changes. */
import { CuveeError } from '../errors.js';
import type { Model } from '../ir/model.js';
import type { Node, Value } from '../ir/node.js';
import { joined, replaceValue } from '../ir/patch.js';
import { newMark } from '../ir/topological.js';
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
  #changed = true;
  #stopped = false;
  /** In the first sweep, the mark of nodes that had their turn; 0 later. */
  #had = 0;
  /** Nodes to be tried, after the first sweep. */
  readonly #pending = new Set<Node>();
  /** Readers that a change may matter to, and those of them whose own readers are yet to be found. */
  readonly #seen = new Set<Node>();
  readonly #front: Node[] = [];

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
    this.#had = sweep === 0 ? newMark() : 0;
    return true;
  }

  /** Tries some nodes; false when that was the end of the sweep. */
  goOn(): boolean {
    const end = Math.min(this.#nodes.length, this.#at + stride);
    for (let first = this.#match(end); first >= 0; first = this.#stopped ? -1 : this.#match(end)) this.#rewrite(first);
    return this.#at < this.#nodes.length && !this.#stopped;
  }

  /**
   * On to the next node before `end` that a rule matches: the place of that rule among the node's, -1 for none. What runs for every node is
   * here, without what runs for a rewrite only.
   */
  #match(end: number): number {
    const nodes = this.#nodes;
    for (let i = this.#at; i < end; i++) {
      const node = nodes[i] as Node;
      if (this.#had > 0) node.walk = this.#had;
      else if (!this.#pending.delete(node)) continue;
      const { rules } = this.#byRoot.get(node.op.name) ?? this.#anywhere;
      // A node that an earlier rewrite of this sweep made dead has no users left.
      if (rules.length === 0 || !node.outputs.some(isRead)) continue;
      const match = this.#matching(node, rules, 0);
      if (match < 0) continue;
      this.#at = i;
      return match;
    }
    this.#at = end;
    return -1;
  }

  /** The place of the first rule from `from` on that matches; -1 for none. */
  #matching(node: Node, rules: readonly Rule[], from: number): number {
    const { values, nodes } = this.#bound;
    for (let i = from; i < rules.length; i++) {
      values.cut(0);
      nodes.cut(0);
      if ((rules[i] as Rule).pattern(node.output, this.#bound)) return i;
    }
    return -1;
  }

  /** By the first rule that matches the node at hand and has something to replace it by; on to the next node. */
  #rewrite(first: number): void {
    const node = this.#nodes[this.#at++] as Node;
    const { rules } = this.#byRoot.get(node.op.name) ?? this.#anywhere;
    for (let i = first; i >= 0; i = this.#matching(node, rules, i + 1)) {
      const r = rules[i] as Rule;
      if (!this.#fire(r, node.output)) continue;
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
      const made = replacement.node;
      for (let i = 0; i < nodes.size; i++) made.origin = joined(made.origin, nodes.at(i).origin);
      const left: Value[] = [];
      replaceValue(this.#model, root, replacement, r.name, left);
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
    if (node.inputs.length === 0) {
      this.#tryAgain(node, 0);
      return;
    }
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
    value.users.forEach(this.#meet);
    const front = this.#front;
    for (let distance = 1, at = 0; at < front.length; distance++) {
      for (const end = front.length; at < end; at++) {
        const { outputs } = front[at] as Node;
        this.#tryAgain(front[at] as Node, distance);
        if (distance < this.#furthest) for (let i = 0; i < outputs.length; i++) (outputs[i] as Value).users.forEach(this.#meet);
      }
    }
    if (front.length === 0) return;
    front.length = 0;
    this.#seen.clear();
  }

  // In the first sweep, what depends on a node whose turn is yet to come has it later still.
  readonly #meet = (reader: Node): void => {
    if ((this.#had > 0 && reader.walk !== this.#had) || this.#seen.has(reader)) return;
    this.#seen.add(reader);
    this.#front.push(reader);
  };

  #tryAgain(node: Node, distance: number): void {
    const { rules, reach } = this.#byRoot.get(node.op.name) ?? this.#anywhere;
    if (rules.length > 0 && reach >= distance) this.#pending.add(node);
  }
}

const isRead = (v: Value): boolean => v.users.size > 0;
const rootsOf = ({ pattern }: Rule): readonly string[] => pattern.roots ?? [];
const reachOf = (r: Rule): number => Math.max(r.pattern.reach, r.reach ?? 0);
const candidates = (rules: readonly Rule[]): Candidates => ({ rules, reach: rules.reduce((most, r) => Math.max(most, reachOf(r)), 0) });
