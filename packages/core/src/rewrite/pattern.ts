/** @file The language in which rewrite rules are written: patterns over values, and rules as data. */
import type { Node, Value } from '../ir/node.js';
import type { Builder } from '../opset/builder.js';
import type { Bindings } from './bindings.js';

/** What a pattern bound, by name. */
export interface Bound {
  readonly values: Bindings<Value>;
  readonly nodes: Bindings<Node>;
}

/** Says whether a value has a form, binding names as it goes; bindings of a failed alternative are undone by the caller. */
export interface Pattern {
  (value: Value, bound: Bound): boolean;
  /** Op names at the root, for the driver's index; undefined: any. */
  readonly roots: readonly string[] | undefined;
  /** How many nodes above the value's own the answer depends on: on their ops and attributes, and on who reads values up to there. */
  readonly reach: number;
}

/** A pattern of one's own. */
export const custom = (match: (value: Value, bound: Bound) => boolean, roots: readonly string[] | undefined, reach: number): Pattern =>
  Object.assign(match, { roots, reach });

/** Any value; the same name twice must bind the same value. */
export const any = (name: string): Pattern =>
  custom(
    (value, { values }) => {
      const known = values.get(name);
      if (known !== undefined) return known === value;
      values.set(name, value);
      return true;
    },
    undefined,
    0,
  );

/** A value that passes a test, which looks at its node and, where `reach` says so, at nodes above. */
export function where(name: string, test: (value: Value) => boolean, reach = 0): Pattern {
  const bind = any(name);
  return custom((value, bound) => test(value) && bind(value, bound), undefined, reach);
}

/** The inner form, whose value is also bound to a name. */
export function named(name: string, inner: Pattern): Pattern {
  const bind = any(name);
  return custom((v, bound) => bind(v, bound) && inner(v, bound), inner.roots, inner.reach);
}

/** A constant. */
export const constant = (name: string): Pattern => where(name, (v) => v.fact.value !== undefined);

/** A constant of one element, or of equal elements everywhere, near `expected` when given. */
export const scalar = (name: string, expected?: number): Pattern =>
  where(name, (v) => {
    const value = uniform(v);
    return value !== undefined && (expected === undefined || Math.abs(value - expected) <= 1e-6 * Math.max(1, Math.abs(expected)));
  });

/** The number that a small constant holds in every element, or undefined. */
export function uniform(v: Value): number | undefined {
  const literal = v.fact.value;
  if (!literal || literal.size === 0 || literal.size > 4096 || literal.type === 'string') return undefined;
  const data = literal.nd().data as ArrayLike<number>;
  const first = Number(data[0]);
  for (let i = 1; i < data.length; i++) if (Number(data[i]) !== first) return undefined;
  return first;
}

/** The value, which no Constant makes, has one user and is no model output. */
export const once = (inner: Pattern): Pattern =>
  custom((value, bound) => value.users.size === 1 && inner(value, bound), inner.roots, inner.reach);

/** Options of `node`. */
interface NodeOptions {
  /** Binds the node. */
  readonly as?: string;
  /** Tries the two inputs in either order. */
  readonly commutative?: boolean;
  readonly test?: (node: Node) => boolean;
}

/** The first output of a node of one of the named ops whose inputs have the given forms. */
export function node(ops: string | readonly string[], inputs: readonly Pattern[], options: NodeOptions = {}): Pattern {
  const names = typeof ops === 'string' ? [ops] : ops;
  const { as, test } = options;
  const turned = options.commutative ? [...inputs].reverse() : undefined;
  const match = (value: Value, bound: Bound): boolean => {
    const n = value.node;
    if (value.index !== 0 || !names.includes(n.op.name)) return false;
    const straight = mayFit(inputs, n);
    if (!straight && (!turned || !mayFit(turned, n))) return false;
    if (test !== undefined && !test(n)) return false;
    const { values, nodes } = bound;
    const valuesBefore = values.size;
    const nodesBefore = nodes.size;
    let fits = straight && inOrder(inputs, n, bound);
    if (!fits && turned) {
      values.cut(valuesBefore);
      nodes.cut(nodesBefore);
      fits = mayFit(turned, n) && inOrder(turned, n, bound);
    }
    if (!fits) {
      values.cut(valuesBefore);
      nodes.cut(nodesBefore);
    } else if (as !== undefined) nodes.set(as, n);
    return fits;
  };
  return custom(match, names, furthest(inputs) + 1);
}

/** Whether inputs have the ops that patterns ask for. Most tries end here, before anything is bound or tested. */
function mayFit(patterns: readonly Pattern[], n: Node): boolean {
  if (n.inputs.length < patterns.length) return false;
  for (let i = 0; i < patterns.length; i++) {
    const { roots } = patterns[i] as Pattern;
    const input = n.inputs[i];
    if (input === undefined || (roots !== undefined && !roots.includes(input.node.op.name))) return false;
  }
  return true;
}

function inOrder(patterns: readonly Pattern[], n: Node, bound: Bound): boolean {
  for (let i = 0; i < patterns.length; i++) if (!(patterns[i] as Pattern)(n.inputs[i] as Value, bound)) return false;
  return true;
}

/** The first alternative that matches. */
export const either = (...patterns: readonly Pattern[]): Pattern =>
  custom(
    (value, bound) => {
      const values = bound.values.size;
      const nodes = bound.nodes.size;
      for (let i = 0; i < patterns.length; i++) {
        if ((patterns[i] as Pattern)(value, bound)) return true;
        bound.values.cut(values);
        bound.nodes.cut(nodes);
      }
      return false;
    },
    patterns.every((p) => p.roots) ? [...new Set(patterns.flatMap((p) => p.roots ?? []))] : undefined,
    furthest(patterns),
  );

const furthest = (patterns: readonly Pattern[]): number => patterns.reduce((most, { reach }) => Math.max(most, reach), 0);

/** One rewrite: what to find, when, and what to put in its place. The algebra is its doc comment. */
export interface Rule {
  readonly name: string;
  readonly pattern: Pattern;
  /** How many nodes above the root's the choice of `replace` depends on, where that is more than the pattern looks at. */
  readonly reach?: number;
  /** The replacement of the root's value, or undefined to leave it. */
  readonly replace: (g: Builder, get: (name: string) => Value, bound: Bound & { readonly root: Value }) => Value | undefined;
}
export const rule = (r: Rule): Rule => r;
