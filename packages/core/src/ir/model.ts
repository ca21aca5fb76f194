/** @file The model: parameters, results, sinks and everything between them. */
import { isText, noArguments, printedAs, wrongCall, wrongSignature } from '../calls.js';
import { CuveeError } from '../errors.js';
import type { AttributeValue } from '../ops/attributes.js';
import { createScope, type ShapeScope } from '../shape/scope.js';
import { staticShape, type Fact } from './fact.js';
import { inferNode } from './infer.js';
import { Node, Value } from './node.js';
import type { PortsText } from './ports.js';
import {
  isSeveral,
  isShapes,
  reshapeSignatures,
  shapeText,
  type InputShapes,
  type ShapeArgument,
  type VariableShapes,
} from './shape-arguments.js';
import { topological } from './topological.js';
import type { ElementType } from '../tensor/element.js';

/** What a model is made of. */
export interface ModelParts {
  readonly name: string;
  readonly parameters: readonly Node[];
  readonly results: readonly Node[];
  /** Nodes kept for their effect: Assign. */
  readonly sinks?: readonly Node[];
  readonly scope: ShapeScope;
  /** All nodes, as `nodes` gives them, where that is known. */
  readonly order?: readonly Node[];
}

/** The graph of a model; parameters, results and scope may be exchanged. */
interface Graph extends Required<Omit<ModelParts, 'name' | 'order'>> {
  parameters: readonly Node[];
  results: readonly Node[];
  scope: ShapeScope;
}

/** A model that is not read yet. @internal */
export interface Unread {
  /** What it will say when it is read. */
  readonly told: ToldModel;
  /** Its ports without the graph. */
  readonly ports: Model;
  /** A graph that the caller owns. */
  readonly read: () => Model;
  /** The same in steps, for those who wait for a promise. */
  readonly reading: (pace: { readonly signal?: AbortSignal | undefined }) => Model | Promise<Model>;
}
/** What is known of a model without its graph. @internal */
export interface ToldModel extends Pick<Model, 'name' | 'friendlyName' | 'rtInfo' | 'path'> {
  readonly ports: PortsText;
  /** As `modelPrecision` and `hasStates` answer. */
  readonly precision: string;
  readonly states: boolean;
}

/** Nested run-time information of the whole model (`rt_info`): leaves are texts. */
export interface RtInfo {
  readonly [key: string]: string | RtInfo;
}

/** A graph of operations from parameters to results. Nodes that no result or sink needs are not part of it. */
export class Model {
  /** Unique name; what `getFriendlyName` falls back to. */
  readonly name: string;
  /** The name that users see. */
  friendlyName: string;
  /** What a file says beside the graph, as text or nested tables. */
  rtInfo: RtInfo = {};
  /** Path of the file that it was read from, for messages and caches. */
  path: string | undefined;
  // The graph is private so that comparing or printing a model does not walk it.
  #parts: Graph | Unread;
  #order: readonly Node[] | undefined;

  constructor({ name, parameters, results, sinks = [], scope, order }: ModelParts) {
    this.name = name;
    this.friendlyName = name;
    this.#order = order;
    this.#parts = { parameters, results, sinks, scope };
    for (const { output } of results) output.resultOf = this;
  }

  /** A model whose graph is read when somebody looks at it. @internal */
  static later(unread: Unread): Model {
    const { name, friendlyName, rtInfo, path } = unread.told;
    const model = new Model({ name, parameters: [], results: [], scope: createScope() });
    Object.assign(model, { friendlyName, rtInfo, path });
    model.#parts = unread;
    return model;
  }
  /** Where the graph is to be read from, and what is known before; undefined once it is here. @internal */
  get unread(): Unread | undefined {
    return 'told' in this.#parts ? this.#parts : undefined;
  }
  /** Takes the graph of a model that nobody else has. @internal */
  arrive({ parameters, results, sinks, scope }: Model): void {
    this.#parts = { parameters, results, sinks, scope };
    for (const { output } of results) output.resultOf = this;
  }
  get #graph(): Graph {
    if ('told' in this.#parts) this.arrive(this.#parts.read());
    return this.#parts as Graph;
  }

  /** Nodes of the inputs. */
  get parameters(): readonly Node[] {
    return this.#graph.parameters;
  }
  /** Nodes of the outputs. */
  get results(): readonly Node[] {
    return this.#graph.results;
  }
  /** Nodes that are run for what they do, not for an output: assignments to states. */
  get sinks(): readonly Node[] {
    return this.#graph.sinks;
  }
  /** The symbols that the shapes are written in. */
  get scope(): ShapeScope {
    return this.#graph.scope;
  }

  /** Nodes in topological order: parameters first, in their order, then depth-first from the results; stable. */
  nodes(): readonly Node[] {
    this.#order ??= topological([...this.parameters, ...this.results, ...this.sinks]);
    return this.#order;
  }

  /** Told by `exchange.ts`: other parameters and results, that the rest is wired to. */
  exchangePorts(parameters: readonly Node[], results: readonly Node[] = this.#graph.results): void {
    this.#graph.parameters = parameters;
    this.#graph.results = results;
    this.touched();
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
    const before = factsOf(this.nodes());
    const scope = this.#graph.scope;
    this.#graph.scope = createScope();
    try {
      const nodes = this.nodes();
      for (let i = 0; i < nodes.length; i++) if (nodes[i]?.op.name !== 'Constant') setFacts(nodes[i] as Node, this.#graph.scope);
    } catch (error) {
      this.#graph.scope = scope;
      before.forEach((fact, value) => void (value.fact = fact));
      throw error;
    }
  }

  /** Input or output by index or by any of its tensor names; without an argument, the only one. Throws ARGUMENT_INVALID naming those there are. */
  input(which?: number | string): Value;
  input(...given: unknown[]): Value {
    return find('input', this.inputs, given);
  }
  /** An output by index or name; the only one without either. Throws ARGUMENT_INVALID. */
  output(which?: number | string): Value;
  output(...given: unknown[]): Value {
    return find('output', this.outputs, given);
  }
  /** All nodes, each after those that it reads. */
  getOps(): readonly Node[] {
    return this.nodes();
  }
  /** The unique name, which does not change. */
  getName(): string {
    return this.name;
  }
  /** The name that users see; the unique one unless another was set. */
  getFriendlyName(): string {
    return this.friendlyName;
  }
  /** The name in messages and files; an empty one is the unique name. */
  setFriendlyName(name: string): void;
  setFriendlyName(...given: unknown[]): void {
    const [name] = given;
    if (given.length !== 1 || !isText(name)) throw wrongCall('Expected a single string argument for the friendly name');
    this.friendlyName = name === '' ? this.name : name;
  }
  /** Number of outputs. */
  getOutputSize(): number {
    return this.#graph.results.length;
  }
  /** The static shape of an output. Throws ARGUMENT_INVALID, or SHAPE_MISMATCH while it is dynamic. */
  getOutputShape(index: number): number[];
  getOutputShape(...given: unknown[]): number[] {
    if (given.length !== 1 || !Number.isInteger(given[0])) throw wrongCall('Invalid argument. Expected a single number.');
    return this.output(given[0] as number).getShape();
  }
  /** Element type of an output. Throws ARGUMENT_INVALID for an index that there is none of. */
  getOutputElementType(index: number): ElementType;
  getOutputElementType(...given: unknown[]): ElementType {
    if (given.length !== 1 || !Number.isInteger(given[0])) throw wrongSignature('getOutputElementType', given, ['Integer']);
    return this.output(given[0] as number).elementType;
  }
  /** A copy that shares only constants; equal to this model until either is changed. */
  clone(): Model;
  clone(...given: unknown[]): Model {
    if (given.length > 0) throw wrongSignature('clone', given, ['']);
    return cloneModel(this).model;
  }
  /** Whether an input or output has a size that is not known. */
  isDynamic(): boolean {
    return this.nodes().some((n) => n.outputs.some((v) => staticShape(v.fact.shape) === undefined));
  }

  /**
   * Infers this model as a body: a fact given for a parameter replaces what it declares. The model keeps the scope.
   * Facts are as before when it throws.
   */
  inferWithin(scope: ShapeScope, given: readonly (Fact | undefined)[]): void {
    const before = factsOf(this.nodes());
    try {
      this.parameters.forEach((p, i) => {
        const fact = given[i];
        if (fact) p.output.fact = fact;
        else setFacts(p, scope);
      });
      const parameters = new Set(this.parameters);
      for (const node of this.nodes()) if (!parameters.has(node)) setFacts(node, scope);
      this.#graph.scope = scope;
    } catch (error) {
      before.forEach((fact, value) => void (value.fact = fact));
      throw error;
    }
  }

  /**
   * Gives inputs other shapes or types and infers all facts again; the model is left as it was when that fails.
   * One shape is for the only input; keys of several are inputs, their indices or names. `variables` gives states other shapes,
   * by their ids. Throws SHAPE_MISMATCH or MODEL_INVALID naming the first node that does not fit.
   */
  reshape(shapes: ShapeArgument | InputShapes, variables?: VariableShapes, types?: ReadonlyMap<Node, ElementType>): this;
  reshape(...given: unknown[]): this {
    const [shapes, variables = {}, types = new Map()] = given as [unknown, VariableShapes?, ReadonlyMap<Node, ElementType>?];
    if (given.length === 0 || given.length > 3 || !isShapes(shapes) || typeof variables !== 'object' || variables === null)
      throw wrongSignature('reshape', given, reshapeSignatures);
    const changed = new Map<Node, Node['attributes']>();
    for (const [port, shape] of this.#shapesByPort(shapes))
      changed.set(port, { ...port.attributes, shape: shapeText(shape), element_type: port.attributes.element_type });
    for (const [port, type] of types) changed.set(port, { ...(changed.get(port) ?? port.attributes), element_type: type });
    for (const [id, shape] of variables instanceof Map ? (variables as ReadonlyMap<string, ShapeArgument>) : Object.entries(variables)) {
      const readers = this.nodes().filter((n) => n.op.traits.variable === 'read' && n.attributes.variable_id === id);
      if (readers.length === 0) throw new CuveeError('ARGUMENT_INVALID', `reshape: "${this.name}" has no variable "${id}"`);
      for (const node of readers) changed.set(node, { ...node.attributes, variable_shape: shapeText(shape as ShapeArgument) });
    }
    const before = new Map([...changed.keys()].map((node) => [node, node.attributes]));
    const apply = (all: ReadonlyMap<Node, Node['attributes']>): void =>
      all.forEach((attributes, node) => {
        (node as { attributes: Node['attributes'] }).attributes = attributes;
      });
    apply(changed);
    try {
      this.infer();
    } catch (error) {
      apply(before);
      throw error;
    }
    return this;
  }

  #shapesByPort(shapes: ShapeArgument | InputShapes): readonly (readonly [Node, ShapeArgument])[] {
    if (!isSeveral(shapes)) {
      const [only] = this.#graph.parameters;
      if (!only || this.#graph.parameters.length !== 1)
        throw new CuveeError('ARGUMENT_INVALID', `one shape was given for the ${this.#graph.parameters.length} inputs of "${this.name}"`);
      return [[only, shapes]];
    }
    const pairs: Iterable<readonly [Value | number | string, ShapeArgument]> = shapes instanceof Map ? shapes : Object.entries(shapes);
    return [...pairs].map(([key, shape]) => {
      const port = key instanceof Value ? key.node : this.input(key).node;
      if (!this.#graph.parameters.includes(port))
        throw new CuveeError('ARGUMENT_INVALID', `reshape: "${port.name}" is no input of "${this.name}"`);
      return [port, shape];
    });
  }
}
printedAs(Model, (m) => `Model ${JSON.stringify(m.friendlyName)} { inputs: ${ports(m.inputs)}, outputs: ${ports(m.outputs)} }`);
noArguments(Model, ['isDynamic', 'getOutputSize', 'getOps', 'getName']);
noArguments(Model, ['getFriendlyName'], (name) => `${name}() does not take any arguments`);

const ports = (values: readonly Value[]): string => `[${values.map((v) => `${v.anyName} ${v.elementType} ${v.partialShape}`).join(', ')}]`;

function find(what: string, values: readonly Value[], given: readonly unknown[]): Value {
  const [which] = given;
  if (given.length > 1) throw wrongCall(`Invalid number of arguments -> ${given.length}`);
  if (which === undefined) {
    if (values[0] && values.length === 1) return values[0];
    throw wrongCall(`${what}() without an argument is for models with exactly one ${what}; this one has ${values.length}`);
  }
  if (typeof which !== 'number' && typeof which !== 'string') throw wrongCall(`Error while getting model ${what}s.`);
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

/** What is known of the values that nodes make, constants aside. */
function factsOf(nodes: readonly Node[]): ReadonlyMap<Value, Fact> {
  const facts = new Map<Value, Fact>();
  for (let i = 0; i < nodes.length; i++) {
    const { op, outputs } = nodes[i] as Node;
    if (op.name === 'Constant') continue;
    for (let k = 0; k < outputs.length; k++) facts.set(outputs[k] as Value, (outputs[k] as Value).fact);
  }
  return facts;
}

/** Infers a node's facts and gives it its output values (the same objects when it has them). */
export function setFacts(node: Node, scope: ShapeScope): void {
  const facts = inferNode(node, scope);
  if (node.outputs.length === facts.length) for (let i = 0; i < facts.length; i++) (node.outputs[i] as Value).fact = facts[i] as Fact;
  else node.outputs = facts.map((f, i) => new Value(node, i, f));
}

/** A copy that shares only constants and rooms, in a scope of its own, and what became of each value. */
export interface Cloned {
  readonly model: Model;
  readonly values: ReadonlyMap<Value, Value>;
}

export function cloneModel(source: Model): Cloned {
  const scope = source.scope.fork();
  const values = new Map<Value, Value>();
  const copyOf = (v: Value | undefined): Value | undefined => (v ? values.get(v) : undefined);
  const order = source.nodes();
  const copies: Node[] = [];
  for (let at = 0; at < order.length; at++) {
    const old = order[at] as Node;
    const { control } = old.op.traits;
    const node = new Node(old.op, control ? withBodies(old) : old.attributes, old.inputs.map(copyOf), old.givenName, old.origin, old.id);
    node.rtInfo = old.rtInfo;
    node.walk = old.walk;
    copies.push(node);
    // Facts are about symbols that both scopes share; only bodies have to be told of their new surroundings.
    if (control) setFacts(node, scope);
    else node.outputs = old.outputs.map((v) => new Value(node, v.index, v.fact));
    for (let i = 0; i < old.outputs.length; i++) {
      const v = old.outputs[i] as Value;
      const copy = node.outputs[i] as Value;
      copy.names = v.names;
      copy.standsFor = v.standsFor;
      values.set(v, copy);
    }
  }
  const all = (list: readonly Node[]): Node[] => list.map((n) => (values.get(n.output) as Value).node);
  const model = new Model({
    name: source.name,
    parameters: all(source.parameters),
    results: all(source.results),
    sinks: all(source.sinks),
    scope,
    order: copies,
  });
  model.friendlyName = source.friendlyName;
  model.rtInfo = source.rtInfo;
  model.path = source.path;
  return { model, values };
}

const withBodies = (node: Node): Node['attributes'] =>
  Object.fromEntries(
    Object.entries(node.attributes).map(([k, v]): [string, AttributeValue] => [k, v instanceof Model ? cloneModel(v).model : v]),
  );
