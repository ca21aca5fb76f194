/** @file The one door through which a model's wiring changes. */
import { CuveeError } from '../errors.js';
import { isInteger } from '../tensor/element.js';
import { printFact, partialShapeOf } from './fact.js';
import type { Shape } from '../shape/index.js';
import type { Model } from './model.js';
import type { Node, Value } from './node.js';

/** What a rule wants: each old value to be replaced by a new one. */
export type Patch = readonly (readonly [old: Value, replacement: Value])[];

/**
 * Applies a patch: every user of an old value reads the replacement, which takes over tensor names and origins.
 * Values that thereby have fewer readers are added to `left`. Throws INTERNAL, naming `why`, when a replacement's type or shape contradicts
 * the old one.
 */
export function applyPatch(model: Model, patch: Patch, why: string, left?: Value[]): void {
  for (let i = 0; i < patch.length; i++) {
    const pair = patch[i] as Patch[number];
    replaceValue(model, pair[0], pair[1], why, left);
  }
}

/** A patch of one pair. */
export function replaceValue(model: Model, old: Value, replacement: Value, why: string, left?: Value[]): void {
  model.touched();
  if (old === replacement) return;
  compatible(old, replacement, why);
  inheritOrigin(old.node, replacement.node);
  if (old.names.length > 0) {
    replacement.names = joined(replacement.names, old.names);
    old.names = [];
  }
  if (isInteger(old.fact.type))
    replacement.standsFor = [...(replacement.standsFor ?? []), ...(old.standsFor ?? []), `${old.node.id}:${old.index}`];
  old.users.forEach((user) => rewire(user, old, replacement));
  discard(old.node, model, left);
}

function compatible(old: Value, replacement: Value, why: string): void {
  const a = old.fact;
  const b = replacement.fact;
  const types = a.type === b.type || a.type === 'dynamic' || b.type === 'dynamic';
  const shapes =
    sameNumbers(a.shape, b.shape) ||
    a.shape === undefined ||
    b.shape === undefined ||
    partialShapeOf(a).merge(partialShapeOf(b)) !== undefined;
  if (!types || !shapes)
    throw new CuveeError('INTERNAL', `${why}: "${old}" is ${printFact(a)}, its replacement "${replacement}" is ${printFact(b)}`, {
      op: old.node.op.name,
      node: old.node.name,
    });
}

const sameNumbers = (a: Shape, b: Shape): boolean =>
  a !== undefined && b?.length === a.length && a.every((d, i) => typeof d === 'number' && d === b[i]);

/** New nodes made by a rule stand for the node that they replace. */
function inheritOrigin(old: Node, fresh: Node): void {
  fresh.origin = fresh.origin.length === 1 && fresh.origin[0] === fresh.name ? old.origin : joined(fresh.origin, old.origin);
  if (fresh.isUnnamed) fresh.name = old.name;
}

/** Both lists, each text once. */
export function joined(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.length === 0 || a === b) return b;
  if (b.length === 1) return a.includes(b[0] as string) ? a : [...a, b[0] as string];
  return b.every((text) => a.includes(text)) ? a : [...new Set([...a, ...b])];
}

function rewire(user: Node, old: Value, replacement: Value): void {
  if (user === replacement.node) return;
  (user as { inputs: readonly (Value | undefined)[] }).inputs = user.inputs.map((v) => (v === old ? replacement : v));
  old.users.delete(user);
  replacement.users.add(user);
}

/** Takes a node that nobody reads out of its inputs' users, and then those that thereby became unread. */
function discard(node: Node, model: Model, left: Value[] | undefined): void {
  const pending = [node];
  while (pending.length > 0) {
    const dead = pending.pop() as Node;
    if (dead.outputs.some(isRead) || model.results.includes(dead) || model.sinks.includes(dead)) continue;
    for (let i = 0; i < dead.inputs.length; i++) {
      const input = dead.inputs[i];
      if (!input?.users.delete(dead)) continue;
      if (input.users.size === 0) pending.push(input.node);
      else left?.push(input);
    }
  }
}

const isRead = (v: Value): boolean => v.users.size > 0;
