/** @file Nodes and the values that they make. Only `patch.ts`, `exchange.ts` and `model.ts` change the wiring. */
import type { Attributes } from '../ops/attributes.js';
import type { Op } from '../ops/op.js';
import { noArguments, printedAs } from '../calls.js';
import { CuveeError } from '../errors.js';
import type { PartialShape, ShapeScope } from '../shape/index.js';
import type { ElementType } from '../tensor/element.js';
import { partialShapeOf, staticShape, type Fact } from './fact.js';
import { Readers } from './readers.js';

let nextId = 1;
/** What many begin with: one list for all. */
const noNames: readonly string[] = Object.freeze([]);
const noValues: readonly Value[] = Object.freeze([]);

/** One output of a node. */
export class Value {
  /** The node that makes it. */
  readonly node: Node;
  /** Which output of the node it is. */
  readonly index: number;
  /** Set by inference; replaced when the model is inferred again. */
  fact: Fact;
  /** Tensor names, in the order in which they were given. */
  names: readonly string[] = noNames;
  /** Nodes that read this value, each as often as it reads it once or more. */
  readonly users = new Readers();
  /** Values that it replaced, as `node id:output`: sizes that are named after their elements are elements of this one. */
  standsFor: readonly string[] | undefined;
  /** The model that gives this as its output: guards may narrow what the shape alone tells. */
  resultOf: { readonly scope: ShapeScope } | undefined;

  constructor(node: Node, index: number, fact: Fact) {
    this.node = node;
    this.index = index;
    this.fact = fact;
  }

  /** The first tensor name; the node's name when nobody gave one. A Result without names has those of what it returns. */
  get anyName(): string {
    const source = this.node.op.name === 'Result' ? this.node.inputs[0] : undefined;
    return this.names[0] ?? source?.names[0] ?? this.node.name;
  }
  /** `anyName`, under openvino-node's name. */
  getAnyName(): string {
    return this.anyName;
  }
  /** Element type; `dynamic` where it is not known. */
  get elementType(): ElementType {
    return this.fact.type;
  }
  /** The shape with ranges in place of symbols. */
  get partialShape(): PartialShape {
    return partialShapeOf(this.fact, this.resultOf?.scope);
  }
  /** `partialShape`, under openvino-node's name. */
  getPartialShape(): PartialShape {
    return this.partialShape;
  }
  /** The static shape. Throws SHAPE_MISMATCH while a dimension is dynamic. */
  get shape(): readonly number[] {
    const shape = staticShape(this.fact.shape);
    if (!shape)
      throw new CuveeError('SHAPE_MISMATCH', `"${this.anyName}" has the dynamic shape ${this.partialShape}`, { node: this.node.name });
    return shape;
  }
  /** A copy of `shape`. Throws where a dimension is not known. */
  getShape(): number[] {
    return [...this.shape];
  }
  /** Name, type and shape in one line. */
  toString(): string {
    return this.anyName;
  }

  /** `Conv.12` or, beyond the first output, `Split.3:1`: for messages and printed text. */
  get label(): string {
    return this.index === 0 ? this.node.name : `${this.node.name}:${this.index}`;
  }
}
printedAs(Value, (v) => `Output ${JSON.stringify(v.anyName)} ${v.elementType} ${v.partialShape}`);
noArguments(Value, ['getAnyName', 'getPartialShape', 'getShape']);

/** One operation in a model: its room, checked attributes, inputs and outputs. */
export class Node {
  /** Unique in a model; copies of a model keep it, because shape symbols name nodes by it. */
  readonly id: number;
  /** What the node computes. */
  readonly op: Op;
  /** Attributes, defaults filled in. */
  readonly attributes: Attributes;
  /** Values that it reads; undefined where an optional one is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** Values that it makes. */
  outputs: readonly Value[] = noValues;
  /** Friendly name; unique when nobody gave one. */
  name: string;
  /** Names of the nodes of the original model that this one stands for. */
  origin: readonly string[];
  /** Run-time information kept through IR files (`rt_info`): attribute name → its fields. */
  rtInfo: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
  /** The mark of the last walk over the graph that came by. @internal */
  walk = 0;
  /** The name that it was made with for want of another. */
  readonly #ownName: string | undefined;

  constructor(
    op: Op,
    attributes: Attributes,
    inputs: readonly (Value | undefined)[],
    name?: string,
    origin?: readonly string[],
    id: number = nextId++,
  ) {
    this.id = id;
    this.op = op;
    this.attributes = attributes;
    this.inputs = inputs;
    this.#ownName = name === undefined ? `${op.name}_${id}` : undefined;
    this.name = name ?? (this.#ownName as string);
    this.origin = origin ?? [this.name];
    for (let i = 0; i < inputs.length; i++) inputs[i]?.users.add(this);
  }

  /** The only output. */
  get output(): Value {
    return this.outputs[0] as Value;
  }

  /** Whether nobody gave it a name. */
  get isUnnamed(): boolean {
    return this.name === this.#ownName;
  }
  /** The name, where somebody gave one. */
  get givenName(): string | undefined {
    return this.isUnnamed ? undefined : this.name;
  }
  /** Type of the operation, `Convolution`. */
  get type(): string {
    return this.op.name;
  }
  /** Friendly name. */
  getName(): string {
    return this.name;
  }

  /** Input `i`, which the room declares as present. */
  input(i: number): Value {
    return this.inputs[i] as Value;
  }
}
printedAs(Node, (n) => `Node ${n.type} ${JSON.stringify(n.name)}`);
noArguments(Node, ['getName']);
