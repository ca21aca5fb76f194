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
  /** Op names at the root, for the driver's index; absent: any. */
  readonly roots?: readonly string[];
}

const withRoots = (match: (value: Value, bound: Bound) => boolean, roots?: readonly string[]): Pattern =>
  Object.assign(match, roots ? { roots } : {});

/** Any value; the same name twice must bind the same value. */
export const any = (name: string): Pattern =>
  withRoots((value, { values }) => {
    const known = values.get(name);
    if (known !== undefined) return known === value;
    values.set(name, value);
    return true;
  });

/** A value that passes a test. */
export function where(name: string, test: (value: Value) => boolean): Pattern {
  const bind = any(name);
  return withRoots((value, bound) => test(value) && bind(value, bound));
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

/** The value has one user, which reads it once, and is no model output. */
export const once = (inner: Pattern): Pattern => withRoots((value, bound) => value.users.size === 1 && inner(value, bound), inner.roots);

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
  const orders = options.commutative ? [inputs, [...inputs].reverse()] : [inputs];
  return withRoots((value, bound) => {
    const n = value.node;
    if (value.index !== 0 || !names.includes(n.op.name) || n.inputs.length < inputs.length || options.test?.(n) === false) return false;
    const values = bound.values.size;
    const nodes = bound.nodes.size;
    for (let i = 0; i < orders.length; i++) {
      if (inOrder(orders[i] as readonly Pattern[], n, bound)) {
        if (options.as) bound.nodes.set(options.as, n);
        return true;
      }
      bound.values.cut(values);
      bound.nodes.cut(nodes);
    }
    return false;
  }, names);
}

function inOrder(patterns: readonly Pattern[], n: Node, bound: Bound): boolean {
  // Most tries end at the name of an input's op, before anything is bound.
  for (let i = 0; i < patterns.length; i++) {
    const { roots } = patterns[i] as Pattern;
    const input = n.inputs[i];
    if (input === undefined || (roots !== undefined && !roots.includes(input.node.op.name))) return false;
  }
  for (let i = 0; i < patterns.length; i++) {
    const input = n.inputs[i];
    if (input === undefined || !(patterns[i] as Pattern)(input, bound)) return false;
  }
  return true;
}

/** The first alternative that matches. */
export const either = (...patterns: readonly Pattern[]): Pattern =>
  withRoots(
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
    patterns.every((p) => p.roots) ? patterns.flatMap((p) => [...(p.roots ?? [])]) : undefined,
  );

/** One rewrite: what to find, when, and what to put in its place. The algebra is its doc comment. */
export interface Rule {
  readonly name: string;
  readonly pattern: Pattern;
  /** The replacement of the root's value, or undefined to leave it. */
  readonly replace: (g: Builder, get: (name: string) => Value, bound: Bound & { readonly root: Value }) => Value | undefined;
}
export const rule = (r: Rule): Rule => r;
