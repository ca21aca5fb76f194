/** @file The model: parameters, results, sinks and everything between them. */
import { CuveeError } from '../errors.js';
import { createScope, PartialShape, type ShapeScope } from '../shape/index.js';
import { staticShape, type Fact } from './fact.js';
import { inferNode } from './infer.js';
import { type Node, Value } from './node.js';
import type { ElementType } from '../tensor/element.js';

/** What a model is made of. */
export interface ModelParts {
  readonly name: string;
  readonly parameters: readonly Node[];
  readonly results: readonly Node[];
  /** Nodes kept for their effect: Assign. */
  readonly sinks?: readonly Node[];
  readonly scope: ShapeScope;
}

/** Nested run-time information of the whole model (`rt_info`): leaves are texts. */
export interface RtInfo {
  readonly [key: string]: string | RtInfo;
}

/** A graph of operations from parameters to results. Nodes that no result or sink needs are not part of it. */
export class Model {
  name: string;
  friendlyName: string;
  readonly parameters: readonly Node[];
  readonly results: readonly Node[];
  readonly sinks: readonly Node[];
  rtInfo: RtInfo = {};
  /** Path of the file that it was read from, for messages and caches. */
  path: string | undefined;
  #scope: ShapeScope;
  #order: readonly Node[] | undefined;

  constructor({ name, parameters, results, sinks = [], scope }: ModelParts) {
    this.name = name;
    this.friendlyName = name;
    this.parameters = parameters;
    this.results = results;
    this.sinks = sinks;
    this.#scope = scope;
  }

  get scope(): ShapeScope {
    return this.#scope;
  }

  /** Nodes in topological order: parameters first, in their order, then depth-first from the results; stable. */
  nodes(): readonly Node[] {
    this.#order ??= topological([...this.parameters, ...this.results, ...this.sinks]);
    return this.#order;
  }

  /** Told by `patch.ts` when the wiring changed. */
  touched(): void {
    this.#order = undefined;
  }

  /** Values that the model takes, in order. */
  get inputs(): readonly Value[] {
    return this.parameters.map((p) => p.output);
  }

  /** Values that the model gives: the outputs of its Result nodes, in order. */
  get outputs(): readonly Value[] {
    return this.results.map((r) => r.output);
  }

  /** Infers every fact again in a fresh scope, after the parameters changed. All or nothing. */
  infer(): void {
    const before = this.nodes().map((n) => n.outputs.map((v) => v.fact));
    const scope = this.#scope;
    this.#scope = createScope();
    try {
      for (const node of this.nodes()) if (node.op.name !== 'Constant') setFacts(node, this.#scope);
    } catch (error) {
      this.#scope = scope;
      this.nodes().forEach((n, i) =>
        n.outputs.forEach((v, k) => {
          v.fact = before[i]?.[k] ?? v.fact;
        }),
      );
      throw error;
    }
  }

  /** Input or output by index or by any of its tensor names. Throws ARGUMENT_INVALID naming those there are. */
  input(which: number | string = 0): Value {
    return find('input', this.inputs, which);
  }
  output(which: number | string = 0): Value {
    return find('output', this.outputs, which);
  }
  getOps(): readonly Node[] {
    return this.nodes();
  }
  isDynamic(): boolean {
    return this.nodes().some((n) => n.outputs.some((v) => staticShape(v.fact.shape) === undefined));
  }

  /**
   * Infers this model as a body: a fact given for a parameter replaces what it declares. The model keeps the scope.
   * Facts are as before when it throws.
   */
  inferWithin(scope: ShapeScope, given: readonly (Fact | undefined)[]): void {
    const before = this.nodes().map((n) => n.outputs.map((v) => v.fact));
    try {
      this.parameters.forEach((p, i) => {
        const fact = given[i];
        if (fact) p.output.fact = fact;
        else setFacts(p, scope);
      });
      const parameters = new Set(this.parameters);
      for (const node of this.nodes()) if (!parameters.has(node)) setFacts(node, scope);
      this.#scope = scope;
    } catch (error) {
      this.nodes().forEach((n, i) =>
        n.outputs.forEach((v, k) => {
          v.fact = before[i]?.[k] ?? v.fact;
        }),
      );
      throw error;
    }
  }

  /**
   * Gives inputs other shapes or types and infers all facts again; the model is left as it was when that fails.
   * One shape is for the only input; a map's keys are inputs, their indices or names.
   * Throws SHAPE_MISMATCH or MODEL_INVALID naming the first node that does not fit.
   */
  reshape(
    shapes: ShapeArgument | ReadonlyMap<Value | number | string, ShapeArgument>,
    types: ReadonlyMap<Node, ElementType> = new Map(),
  ): this {
    const wanted = new Map<Node, string>();
    if (shapes instanceof Map)
      for (const [key, shape] of shapes as ReadonlyMap<Value | number | string, ShapeArgument>)
        wanted.set(key instanceof Value ? key.node : this.input(key).node, shapeText(shape));
    else if (this.parameters.length !== 1)
      throw new CuveeError('ARGUMENT_INVALID', `one shape was given for the ${this.parameters.length} inputs of "${this.name}"`);
    else wanted.set(this.parameters[0] as Node, shapeText(shapes as ShapeArgument));
    const before = this.parameters.map((p) => p.attributes);
    const setAttributes = (p: Node, attributes: Node['attributes']): void => {
      (p as { attributes: Node['attributes'] }).attributes = attributes;
    };
    for (const p of this.parameters)
      setAttributes(p, {
        ...p.attributes,
        shape: wanted.get(p) ?? p.attributes.shape,
        element_type: types.get(p) ?? p.attributes.element_type,
      });
    try {
      this.infer();
    } catch (error) {
      this.parameters.forEach((p, i) => setAttributes(p, before[i] as Node['attributes']));
      throw error;
    }
    return this;
  }
}

/** A partial shape, its text, or numbers with -1 for any size. */
export type ShapeArgument = PartialShape | string | readonly number[];
const shapeText = (shape: ShapeArgument): string =>
  PartialShape.parse(Array.isArray(shape) ? `[${shape.join(',')}]` : String(shape)).toString();

function find(what: string, values: readonly Value[], which: number | string): Value {
  const names = (v: Value): readonly string[] => [
    ...v.names,
    ...(v.node.op.name === 'Result' ? (v.node.inputs[0]?.names ?? []) : []),
    v.node.name,
  ];
  const found = typeof which === 'number' ? values[which] : values.find((v) => names(v).includes(which));
  if (found) return found;
  throw new CuveeError(
    'ARGUMENT_INVALID',
    `there is no ${what} ${JSON.stringify(which)}; there are ${values.map((v, i) => `${i} "${v.anyName}"`).join(', ') || 'none'}`,
  );
}

/** Infers a node's facts and gives it its output values (the same objects when it has them). */
export function setFacts(node: Node, scope: ShapeScope): void {
  const facts = inferNode(node, scope);
  if (node.outputs.length === facts.length)
    facts.forEach((f, i) => {
      (node.outputs[i] as Value).fact = f;
    });
  else node.outputs = facts.map((f, i) => new Value(node, i, f));
}

/** Depth-first order without recursion. Throws MODEL_INVALID on a cycle, naming a node on it. */
export function topological(roots: readonly Node[]): readonly Node[] {
  const done = new Set<Node>();
  const open = new Set<Node>();
  const order: Node[] = [];
  const stack: { node: Node; next: number }[] = [];
  for (const root of roots) {
    if (done.has(root)) continue;
    stack.push({ node: root, next: 0 });
    open.add(root);
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { node: Node; next: number };
      const input = top.node.inputs[top.next++];
      if (top.next > top.node.inputs.length) {
        stack.pop();
        open.delete(top.node);
        done.add(top.node);
        order.push(top.node);
      } else if (input && !done.has(input.node)) {
        if (open.has(input.node))
          throw new CuveeError('MODEL_INVALID', `"${input.node.name}" depends on itself`, {
            op: input.node.op.name,
            node: input.node.name,
          });
        stack.push({ node: input.node, next: 0 });
        open.add(input.node);
      }
    }
  }
  return order;
}
