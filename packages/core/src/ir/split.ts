/** @file Cuts a model into parts that run one after the other, each on one device. */
import { CuveeError } from '../errors.js';
import { builder } from '../opset/index.js';
import { requireEqual, shapeContext, type Dim, type Expr, type ShapeScope } from '../shape/index.js';
import { Literal } from '../tensor/literal.js';
import { partialShapeOf, staticShape, type Fact } from './fact.js';
import { Model } from './model.js';
import type { Node, Value } from './node.js';

/** Nodes that go together, and where. */
export interface Group {
  /** Device that the part is for, or what else tells parts apart. */
  readonly label: string;
  readonly nodes: readonly Node[];
}

/** One part: a model of its own, and which values of the whole its inputs and outputs are. */
export interface Part extends Group {
  readonly model: Model;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/**
 * Parts of a model, one for each group, in the order of the groups, in which they can run. Nodes of no group (constants, and what
 * follows from constants alone) go wherever they are read. What the whole knew of sizes its parts know, too: numbers stay numbers, and
 * sizes that were one stay equal. Throws MODEL_UNSUPPORTED where a value of unknown rank would be cut, INTERNAL when a group reads what
 * only a later one makes.
 */
export function splitModel(model: Model, groups: readonly Group[]): readonly Part[] {
  const groupOf = new Map<Node, number>();
  groups.forEach((group, i) => {
    for (const node of group.nodes) groupOf.set(node, i);
  });
  const wanted = new Set(model.results.map((r) => r.input(0)));
  const order = new Map(model.nodes().map((node, i) => [node, i]));
  return groups.map((group, i) => {
    const nodes = [...group.nodes].sort((a, b) => (order.get(a) as number) - (order.get(b) as number));
    return new Cut(model, { ...group, nodes }, i, groupOf, wanted).part();
  });
}

/** The making of one part. */
class Cut {
  readonly #whole: Model;
  readonly #group: Group;
  readonly #index: number;
  readonly #groupOf: ReadonlyMap<Node, number>;
  readonly #wanted: ReadonlySet<Value>;
  readonly #g = builder();
  readonly #values = new Map<Value, Value>();
  readonly #inputs: Value[] = [];
  readonly #parameters: Node[] = [];
  /** Sizes of the whole that an input of the part has, and what they are called in the part. */
  readonly #sizes = new Map<Expr, Dim>();

  constructor(whole: Model, group: Group, index: number, groupOf: ReadonlyMap<Node, number>, wanted: ReadonlySet<Value>) {
    this.#whole = whole;
    this.#group = group;
    this.#index = index;
    this.#groupOf = groupOf;
    this.#wanted = wanted;
  }

  part(): Part {
    const { label, nodes } = this.#group;
    for (const node of nodes) this.#copy(node);
    const outputs = nodes.flatMap((n) => n.outputs).filter((v) => this.#wanted.has(v) || [...v.users].some((u) => this.#isElsewhere(u)));
    const results = outputs.map((v) => this.#g.result(this.#values.get(v) as Value, v.label));
    const sinks = this.#whole.sinks.flatMap((n) =>
      this.#groupOf.get(n) === this.#index ? [(this.#values.get(n.output) as Value).node] : [],
    );
    const model = new Model({ name: `${this.#whole.name} (${label})`, parameters: this.#parameters, results, sinks, scope: this.#g.scope });
    return { label, model, inputs: this.#inputs, outputs, nodes };
  }

  #isElsewhere(user: Node): boolean {
    const group = this.#groupOf.get(user);
    return group !== undefined && group !== this.#index;
  }

  #copy(node: Node): void {
    const outs = this.#g.node(
      node.op,
      node.inputs.map((v) => v && this.#take(v)),
      node.attributes,
      { name: node.name, origin: node.origin },
    );
    outs.forEach((o, i) => {
      const old = node.outputs[i] as Value;
      o.fact = told(o.fact, old.fact);
      this.#values.set(old, o);
    });
  }

  /** A value of the whole as this part has it. */
  #take(v: Value): Value {
    const known = this.#values.get(v);
    if (known) return known;
    const group = this.#groupOf.get(v.node);
    // What goes wherever it is read is computed there, as the device computes such things.
    if (group === undefined && v.node.op.name !== 'Parameter') this.#copy(v.node);
    const literal = group === undefined || group === this.#index ? undefined : literalOf(v.fact);
    if (literal) this.#values.set(v, this.#g.constant(literal, v.node.name));
    else if (!this.#values.has(v)) this.#values.set(v, this.#parameter(v));
    return this.#values.get(v) as Value;
  }

  #parameter(v: Value): Value {
    const { shape } = v.fact;
    if ((this.#groupOf.get(v.node) ?? -1) >= this.#index)
      throw new CuveeError('INTERNAL', `part ${this.#index} reads "${v.label}" before it is made`, { node: v.node.name });
    if (shape === undefined)
      throw new CuveeError('MODEL_UNSUPPORTED', `the model cannot be cut at "${v.label}", whose rank is unknown`, { node: v.node.name });
    const text = partialShapeOf(v.fact, this.#whole.scope).toString();
    const made = this.#g.parameter(v.fact.type, text, v.node.op.name === 'Parameter' ? v.node.name : v.label);
    made.fact.shape?.forEach((mine, axis) => {
      const whole = shape[axis] as Dim;
      if (typeof whole === 'number' || typeof mine === 'number') return;
      const same = this.#sizes.get(whole);
      if (same === undefined) this.#sizes.set(whole, mine);
      else equate(this.#g.scope, v, same, mine);
    });
    this.#parameters.push(made.node);
    this.#inputs.push(v);
    return made;
  }
}

/** Two sizes of one part that were one in the whole. */
function equate(scope: ShapeScope, v: Value, a: Dim, b: Dim): void {
  requireEqual(shapeContext(scope, v.label), 'sizes', a, b);
}

/** A fact with the numbers that the whole knew. */
function told(own: Fact, whole: Fact): Fact {
  const shape = staticShape(own.shape) ? own.shape : (staticShape(whole.shape) ?? own.shape);
  return shape === own.shape ? own : { ...own, shape };
}

/** The value of a fact whose every element is a number. */
function literalOf({ type, shape, value, elements }: Fact): Literal | undefined {
  if (value) return value;
  const sizes = staticShape(shape);
  return sizes && elements?.every((e) => typeof e === 'number' || typeof e === 'boolean')
    ? Literal.from(type, sizes, elements as number[])
    : undefined;
}
