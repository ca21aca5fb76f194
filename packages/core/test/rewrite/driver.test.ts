/** @file The driver gives what sweeping over all nodes until nothing changes gives, on random graphs and rules. */
import { describe, expect, test } from 'vitest';
import { Bindings } from '../../src/rewrite/bindings.js';
import { applyPatch, builder, Model, pattern, print, rewrite, rule, type Builder, type Rule, type Value } from '../../src/index.js';
import { joined } from '../../src/ir/patch.js';
import { Random } from '../shape/random.js';

/** Every rule at every node, sweep after sweep. */
function sweepAll(model: Model, rules: readonly Rule[]): ReadonlyMap<string, number> {
  const fired = new Map<string, number>();
  const g = builder(model.scope);
  for (let sweep = 0, changed = true; changed && sweep < 12; sweep++) {
    changed = false;
    for (const node of model.nodes()) {
      if (!node.outputs.some((v) => v.users.size > 0)) continue;
      for (const r of rules) {
        const values = new Bindings<Value>();
        const nodes = new Bindings<Value['node']>();
        const root = node.output;
        if (!r.pattern(root, { values, nodes })) continue;
        g.origin = node.origin;
        const replacement = r.replace(g, (name) => values.get(name) as Value, { values, nodes, root });
        if (replacement === undefined || replacement === root) continue;
        for (let i = 0; i < nodes.size; i++) replacement.node.origin = joined(replacement.node.origin, nodes.at(i).origin);
        applyPatch(model, [[root, replacement]], r.name);
        fired.set(r.name, (fired.get(r.name) ?? 0) + 1);
        changed = true;
        break;
      }
    }
  }
  return fired;
}

const one = ['Abs', 'Negative', 'Relu', 'Sigmoid'] as const;
const two = ['Add', 'Multiply', 'Subtract'] as const;
type Chance = (below: number) => number;
function random(seed: number): Chance {
  const numbers = new Random(seed);
  return (below) => numbers.int(0, below - 1);
}
const pick = <T>(chance: Chance, list: readonly T[]): T => list[chance(list.length)] as T;

/** A graph of some operations, whose results are what nobody else reads and some others. */
function graph(chance: Chance): Model {
  const g = builder();
  const values = ['a', 'b', 'c'].map((name) => g.parameter('f32', '[4]', name));
  const parameters = values.map((v) => v.node);
  values.push(g.constant('f32', [4], [1, 2, 3, 4]));
  const recent = (): Value => values[Math.max(0, values.length - 1 - chance(6))] as Value;
  for (let i = 10 + chance(40); i > 0; i--)
    values.push((chance(3) === 0 ? g.node(pick(chance, one), [recent()]) : g.node(pick(chance, two), [recent(), recent()]))[0] as Value);
  const results = values.filter((v) => v.node.op.name !== 'Parameter' && (v.users.size === 0 || chance(12) === 0)).map((v) => g.result(v));
  return new Model({ name: 'random', parameters, results, scope: g.scope });
}

/** A random form of at most so many operations, and how many it has; leaves have the names x, y and z. */
function form(chance: Chance, most: number, root = true): { readonly pattern: pattern.Pattern; readonly size: number } {
  if (most === 0 || (!root && chance(3) === 0)) return { pattern: pattern.any(pick(chance, ['x', 'y', 'z'])), size: 0 };
  const single = chance(2) === 0;
  const first = form(chance, most - 1, false);
  const inputs = single ? [first] : [first, form(chance, most - 1 - first.size, false)];
  const ops = single ? one : two;
  const names = chance(3) === 0 ? [pick(chance, ops), pick(chance, ops)] : pick(chance, ops);
  const readers = chance(3);
  const made = pattern.node(
    names,
    inputs.map((input) => input.pattern),
    {
      commutative: chance(2) === 0,
      as: `n${most}`,
      ...(readers === 0 ? { test: (n): boolean => n.output.users.size !== 2 } : {}),
    },
  );
  const either = chance(5) === 0 && !root ? pattern.either(made, pattern.node('Abs', [pattern.any('x')])) : made;
  const size = 1 + inputs.reduce((sum, input) => sum + input.size, 0);
  return { pattern: !root && chance(3) === 0 ? pattern.once(either) : either, size };
}

/** A rule that makes no more operations than it takes away. */
function randomRule(chance: Chance, name: string): Rule {
  const { pattern: found, size } = form(chance, 1 + chance(4));
  const seed = chance(1 << 30);
  return rule({
    name,
    pattern: chance(8) === 0 ? pattern.custom(found, undefined, found.reach) : found,
    replace(g, get) {
      const own = random(seed);
      const leaves = ['x', 'y', 'z'].map(get).filter((v) => v !== undefined);
      const leaf = (): Value | undefined => leaves[own(leaves.length)];
      const made = (left: number): Value | undefined => {
        const a = left > 1 && own(2) === 0 ? made(left - 1) : leaf();
        if (left === 0 || own(4) === 0 || a === undefined) return a;
        const b = leaf();
        return own(2) === 0 || b === undefined ? only(g, pick(own, one), [a]) : only(g, pick(own, two), [a, b]);
      };
      return made(size - own(2));
    },
  });
}
const only = (g: Builder, op: string, inputs: readonly Value[]): Value => g.node(op, inputs)[0] as Value;

describe('rewriting', () => {
  test('gives what sweeps over all nodes give', () => {
    let fires = 0;
    let again = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const chance = random(seed);
      const given = graph(chance);
      const rules = Array.from({ length: 1 + chance(6) }, (_, i) => randomRule(chance, `rule ${i}`));
      const [ours, theirs] = [given.clone(), given.clone()];
      const fired = rewrite(ours, rules);
      const expected = sweepAll(theirs, rules);
      expect([seed, text(ours), fired]).toEqual([seed, text(theirs), expected]);
      for (const n of fired.values()) fires += n;
      again += text(onlyOnce(given, rules)) === text(ours) ? 0 : 1;
    }
    // The rules do something, and one sweep is seldom enough.
    expect(fires).toBeGreaterThan(1000);
    expect(again).toBeGreaterThan(25);
  });

  test('stops where it is told to', () => {
    const g = builder();
    const x = g.parameter('f32', '[4]', 'x');
    const model = new Model({ name: 'chain', parameters: [x.node], results: [g.result(g.relu(g.relu(g.relu(x))))], scope: g.scope });
    const twice = rule({
      name: 'twice',
      pattern: pattern.node('Relu', [pattern.node('Relu', [pattern.any('x')])]),
      replace: (to, get) => to.relu(get('x')),
    });
    expect([...rewrite(model.clone(), [twice])]).toEqual([['twice', 2]]);
    expect([...rewrite(model, [twice], () => false)]).toEqual([['twice', 1]]);
  });
});

/** The model after one sweep. */
function onlyOnce(given: Model, rules: readonly Rule[]): Model {
  const model = given.clone();
  const before = new Set(model.nodes().map((n) => n.id));
  rewrite(
    model,
    rules.map((r) => ({ ...r, replace: (g, get, bound) => (before.has(bound.root.node.id) ? r.replace(g, get, bound) : undefined) })),
  );
  return model;
}

/** The printed model, with numbers from the first on in the names that nodes have for want of others. */
function text(model: Model): string {
  const numbers = new Map<string, number>();
  return print(model).replace(/_\d+/g, (id) => `_${numbers.get(id) ?? numbers.set(id, numbers.size).size}`);
}
