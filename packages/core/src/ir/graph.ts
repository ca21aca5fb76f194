/** @file Builds nodes: `g.softmax(x, { axis: 1 })` for every room, and a few conveniences. */
import { CuveeError } from '../errors.js';
import type { Attributes } from '../ops/attributes.js';
import type { Builder } from '../opset/builder.js';
import type { Op } from '../ops/op.js';
import { createScope, type ShapeScope } from '../shape/index.js';
import { bitsOf, type ElementType } from '../tensor/element.js';
import { Literal } from '../tensor/literal.js';
import type { Fact } from './fact.js';
import { setFacts } from './model.js';
import { Node, Value } from './node.js';

/** Options of any node. */
export interface NodeOptions {
  readonly name?: string | undefined;
  readonly origin?: readonly string[] | undefined;
}

/** A node that says in one what others said before: attributes are checked already, and its one output has a known fact. */
export function derivedNode(
  op: Op,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
  fact: Fact,
  { name, origin }: NodeOptions,
): Value {
  const count = present(inputs);
  const node = new Node(op, attributes, count === inputs.length ? inputs : inputs.slice(0, count), name, origin);
  const value = new Value(node, 0, fact);
  node.outputs = [value];
  return value;
}

/** How many inputs are left without the absent ones at the end. */
function present(inputs: readonly (Value | undefined)[]): number {
  let count = inputs.length;
  while (count > 0 && inputs[count - 1] === undefined) count--;
  return count;
}

/** `LSTMCell` → `lstmCell`, `MVN` → `mvn`, `Softmax` → `softmax`: the builder's method for a room. */
export const methodName = (op: string): string => op.replace(/^[A-Z]+(?=[A-Z][a-z]|\d|$)|^[A-Z]/, (head) => head.toLowerCase());

/** The part of the builder that is not derived from rooms. */
export class GraphBuilder {
  readonly scope: ShapeScope;
  readonly #rooms: ReadonlyMap<string, Op>;
  /** Given to every node made from now on that has none of its own. */
  origin: readonly string[] | undefined;

  constructor(rooms: ReadonlyMap<string, Op>, scope: ShapeScope = createScope()) {
    this.scope = scope;
    this.#rooms = rooms;
  }

  /** Any room by name, positional inputs. Throws MODEL_UNSUPPORTED for an unknown op. */
  node(
    op: string | Op,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, unknown>> = {},
    options: NodeOptions = {},
  ): readonly Value[] {
    const room = typeof op === 'string' ? this.#rooms.get(op) : op;
    if (!room) throw new CuveeError('MODEL_UNSUPPORTED', `operation ${String(op)} is not known`, { op: String(op) });
    const trimmed = inputs.slice(0, present(inputs));
    const checked = room.attributes(attributes, options.name ?? room.name);
    const node = new Node(room, checked, trimmed, options.name, options.origin ?? this.origin);
    try {
      setFacts(node, this.scope);
    } catch (error) {
      for (const input of trimmed) input?.users.delete(node);
      throw error;
    }
    return node.outputs;
  }

  /** A builder with the same rooms for a body of a node here, in a scope within this one. */
  body(): this {
    return new (this.constructor as new (rooms: ReadonlyMap<string, Op>, scope: ShapeScope) => this)(this.#rooms, this.scope.child());
  }

  /** A model input. `shape` as text: `1,3,?,2..5`, `[]` for a scalar, `...` for an unknown rank. */
  parameter(type: ElementType, shape: string | readonly (number | string)[], name?: string): Value {
    const text = typeof shape === 'string' ? shape : `[${shape.join(',')}]`;
    const [value] = this.node('Parameter', [], { element_type: type, shape: text }, { name }) as [Value];
    if (name) value.names = [name];
    return value;
  }

  /** A constant from a Literal, or from type, shape and decoded values. */
  constant(literal: Literal, name?: string): Value;
  constant(type: ElementType, shape: readonly number[], values: ArrayLike<number | bigint | string | boolean>, name?: string): Value;
  constant(
    a: Literal | ElementType,
    b?: readonly number[] | string,
    c?: ArrayLike<number | bigint | string | boolean>,
    name?: string,
  ): Value {
    const literal = typeof a === 'string' ? Literal.from(a, b as readonly number[], c ?? []) : a;
    const label = typeof a === 'string' ? name : (b as string | undefined);
    const fact: Fact = { type: literal.type, shape: literal.shape, value: literal };
    return derivedNode(this.#rooms.get('Constant') as Op, [], { value: literal }, fact, { name: label, origin: this.origin });
  }

  /** The same builder with a method for each room, as every builder that is made has them. */
  get #rich(): Builder {
    return this as unknown as Builder;
  }

  /** A scalar of the type of `like`, or of a type. */
  scalar(value: number, like: Value | ElementType): Value {
    const type = typeof like === 'string' ? like : like.fact.type;
    if (type !== 'dynamic') return this.constant(type, [], [value]);
    return this.#rich.convertLike(this.constant('f32', [], [value]), like as Value);
  }

  /** A 1-D i64 constant: axes, shapes, patterns. */
  ints(values: readonly number[]): Value {
    return this.constant('i64', [values.length], values);
  }

  /** A model output. */
  result(value: Value, name?: string): Node {
    const [out] = this.node('Result', [value], {}, { name }) as [Value];
    return out.node;
  }

  /** The value converted, or itself when it has that type. */
  cast(value: Value, type: ElementType): Value {
    if (value.fact.type === type || bitsOf(type) < 0) return value;
    return this.#rich.convert(value, { destination_type: type });
  }
}

/** What the last argument of a method may hold. */
interface Given {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly options?: NodeOptions;
}
const nothing: Given = {};

function split(given: Record<string, unknown> & NodeOptions): Given {
  if (!('name' in given) && !('origin' in given)) return { attributes: given };
  const { name, origin, ...attributes } = given;
  return { attributes, options: { name, origin } };
}

const isAttributes = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && !(x instanceof Value) && !Array.isArray(x);

/**
 * Gives a builder class one method for each room: positional inputs, then attributes with optional `name` and `origin`. A method is made
 * when it is first looked up: programs call few of them, and making all takes a millisecond.
 */
export function addMethods(target: { prototype: object }, rooms: ReadonlyMap<string, Op>): void {
  let names: ReadonlyMap<string, string> | undefined;
  const find = (method: string | symbol): Op | undefined => {
    if (typeof method === 'symbol') return undefined;
    names ??= new Map(Array.from(rooms.keys(), (room) => [room.toLowerCase(), room])); // quicker than each one's method
    const room = names.get(method.toLowerCase());
    return room !== undefined && methodName(room) === method ? rooms.get(room) : undefined;
  };
  const inherited = Object.getPrototypeOf(GraphBuilder.prototype) as object;
  // Behind all other prototypes, so that only names that nothing else has come here, each once.
  const missing = new Proxy(inherited, {
    has: (_, method) => method in inherited || find(method) !== undefined,
    get(_, method, receiver) {
      const room = find(method);
      if (!room) return Reflect.get(inherited, method, receiver) as unknown;
      const value = methodOf(room);
      Object.defineProperty(target.prototype, method, { value });
      return value;
    },
  });
  Object.setPrototypeOf(GraphBuilder.prototype, missing);
}

function methodOf(room: Op): (this: GraphBuilder, ...args: unknown[]) => Value | readonly Value[] {
  const single = room.outputs.length === 1 && room.outputs[0]?.arity === 'one';
  return function (...args) {
    const last = args[args.length - 1];
    if (isAttributes(last)) args.pop();
    const inputs = args.some(Array.isArray) ? args.flat() : args;
    const { attributes, options } = isAttributes(last) ? split(last) : nothing;
    const outputs = this.node(room, inputs as (Value | undefined)[], attributes, options);
    return single ? (outputs[0] as Value) : outputs;
  };
}
