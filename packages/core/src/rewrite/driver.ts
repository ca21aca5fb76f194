/** @file Applies rule lists to a model until nothing changes. */
import { CuveeError } from '../errors.js';
import type { Model } from '../ir/model.js';
import { applyPatch, joined } from '../ir/patch.js';
import { builder } from '../opset/index.js';
import { Bindings } from './bindings.js';
import type { Bound, Rule } from './pattern.js';
import type { Node, Value } from '../ir/node.js';
import { atOnce, stride, type Steps } from '../runtime/steps.js';

/** Told of each rewrite; stops the driver by returning false. */
export type OnRewrite = (rule: string, node: string) => boolean | undefined;

const sweeps = 12;

/**
 * Sweeps over the nodes in topological order, trying the rules in their order at each node, until a sweep changes nothing.
 * Returns how often each rule fired. Throws INTERNAL, naming rule and node, when a rule breaks a fact or never comes to rest.
 */
export const rewrite = (model: Model, rules: readonly Rule[], onRewrite?: OnRewrite): ReadonlyMap<string, number> =>
  atOnce(rewriting(model, rules, onRewrite));

/** The same in steps. */
export function* rewriting(model: Model, rules: readonly Rule[], onRewrite?: OnRewrite): Steps<ReadonlyMap<string, number>> {
  const fired = new Map<string, number>();
  const byRoot = new Map<string, Rule[]>();
  const anywhere = rules.filter((r) => !r.pattern.roots);
  for (const r of rules) for (const root of r.pattern.roots ?? []) byRoot.set(root, [...(byRoot.get(root) ?? []), r]);
  for (const list of byRoot.values()) list.push(...anywhere);
  const g = builder(model.scope);
  const bound: Bound = { values: new Bindings(), nodes: new Bindings() };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let changed = false;
    const nodes = model.nodes();
    for (let i = 0; i < nodes.length; i++) {
      if (i % stride === 0) yield;
      const node = nodes[i] as Node;
      const candidates = byRoot.get(node.op.name) ?? anywhere;
      if (candidates.length === 0) continue;
      // A node that an earlier rewrite of this sweep made dead has no users left.
      if (!node.outputs.some(isRead)) continue;
      for (let j = 0; j < candidates.length; j++) {
        const r = candidates[j] as Rule;
        if (!matches(r, node.output, bound) || !fire(model, g, r, node.output, bound)) continue;
        changed = true;
        fired.set(r.name, (fired.get(r.name) ?? 0) + 1);
        if (onRewrite?.(r.name, node.name) === false) return fired;
        break;
      }
    }
    if (!changed) return fired;
  }
  return fired;
}

const isRead = (v: Value): boolean => v.users.size > 0;

/** `bound` is there to be filled: one for all tries. */
function matches(r: Rule, root: Value, bound: Bound): boolean {
  bound.values.cut(0);
  bound.nodes.cut(0);
  return r.pattern(root, bound);
}

function fire(model: Model, g: ReturnType<typeof builder>, r: Rule, root: Value, bound: Bound): boolean {
  g.origin = root.node.origin;
  try {
    const get = (name: string): Value => bound.values.get(name) as Value;
    const replacement = r.replace(g, get, { values: bound.values, nodes: bound.nodes, root });
    if (replacement === undefined || replacement === root) return false;
    for (const { origin } of bound.nodes.values()) replacement.node.origin = joined(replacement.node.origin, origin);
    applyPatch(model, [[root, replacement]], `rule ${r.name}`);
    return true;
  } catch (error) {
    throw CuveeError.wrap(`rule ${r.name} at ${root.node.op.name} "${root.node.name}"`, error);
  } finally {
    g.origin = undefined;
  }
}
