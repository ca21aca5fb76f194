/** @file Runs a room's `infer` on a node: arity and types first, then facts, then the values of small tensors. */
import { CuveeError } from '../errors.js';
import type { Op, Port } from '../ops/op.js';
import * as shapes from '../shape/index.js';
import type { BroadcastRule, Dim, Pred, Range, Shape, ShapeScope, Window } from '../shape/index.js';
import { isInteger, type ElementType } from '../tensor/element.js';
import { numbersOf, sizeOf, type NdArray } from '../tensor/nd.js';
import { Literal } from '../tensor/literal.js';
import { evaluateNode } from './interpret.js';
import { printFact, staticShape, type Element, type Fact, type FloatElement } from './fact.js';
import type { Node, Value } from './node.js';

export { evaluateNode } from './interpret.js';

/** A shape list as long as a file claims is not followed beyond this many axes. */
const maxRank = 64;
/** Tensors up to this many elements carry their elements as facts. */
const smallTensor = 64;
/** Constant results up to this many elements are computed while facts are inferred; larger ones by the folding pass. */
const foldedAtOnce = 1024;

/** What a room's `infer` may use: shape algebra in the model's scope, and errors that name the node. */
export class Infer {
  readonly node: Node;
  readonly scope: ShapeScope;

  constructor(node: Node, scope: ShapeScope) {
    this.node = node;
    this.scope = scope;
  }

  /** Throws SHAPE_MISMATCH for this node. */
  fail(message: string): never {
    const inputs = this.node.inputs.map((v, i) => `input ${i} is ${v ? `"${v.label}" ${printFact(v.fact)}` : 'absent'}`).join(', ');
    throw new CuveeError('SHAPE_MISMATCH', `${this.node.op.name} "${this.node.name}": ${message} (${inputs})`, {
      op: this.node.op.name,
      node: this.node.name,
    });
  }

  /** Throws TYPE_MISMATCH for this node. */
  typeMismatch(message: string): never {
    throw new CuveeError('TYPE_MISMATCH', `${this.node.op.name} "${this.node.name}": ${message}`, {
      op: this.node.op.name,
      node: this.node.name,
    });
  }

  /** The rank, which must be known. */
  rank(what: string, shape: Shape): readonly Dim[] {
    return shape ?? this.fail(`${what} must have a known rank`);
  }

  /** The dimensions of a shape of `rank` axes; undefined while its rank is unknown. */
  axes(what: string, { shape }: Fact, rank: number): readonly Dim[] | undefined {
    if (shape && shape.length !== rank) return this.fail(`${what} must have ${rank} ${rank === 1 ? 'axis' : 'axes'}, not ${shape.length}`);
    return shape;
  }

  /** A list of exactly `count` sizes, which may not be negative; undefined while its length or rank is unknown. */
  sizes(what: string, f: Fact, count: number): readonly Dim[] | undefined {
    const dims = this.dims(f);
    if (dims && dims.length !== count) return this.fail(`${what} must be ${count} numbers, not ${dims.length}`);
    if (dims?.some((d) => typeof d === 'number' && d < 0)) return this.fail(`${what} must not be negative: ${dims.join(', ')}`);
    return dims;
  }

  /**
   * Inputs by pattern: sizes of axes, separated by blanks, as numbers or names; the same name is the same size everywhere. Inputs of
   * unknown rank fit. Returns the sizes by name.
   */
  match(...rules: readonly (readonly [string, Fact | undefined, string])[]): Readonly<Record<string, Dim | undefined>> {
    const sizes: Record<string, Dim | undefined> = {};
    for (const [what, fact, pattern] of rules) {
      if (!fact?.shape) continue;
      const names = pattern.split(' ');
      const { shape } = fact;
      if (shape.length !== names.length) return this.fail(`${what} must be [${names.join(', ')}], not of rank ${shape.length}`);
      names.forEach((name, axis) => {
        const wanted = /^\d+$/.test(name) ? Number(name) : sizes[name];
        const own = shape[axis] as Dim;
        const joined = wanted === undefined ? own : this.requireEqual(`axis ${axis} of ${what} and "${name}"`, own, wanted);
        sizes[name] = joined;
      });
    }
    return sizes;
  }

  /** The simpler of two dimensions that must be equal; a guard when that is only known at run time. */
  requireEqual(what: string, a: Dim, b: Dim): Dim {
    return shapes.requireEqual(this, what, a, b);
  }

  /** A condition that must hold; a guard when it is only known at run time. */
  require(what: string, p: Pred | boolean): void {
    if (p === false) this.fail(what);
    if (p !== true) shapes.requireTrue(this, what, p);
  }

  broadcast(a: Shape, b: Shape, rule: BroadcastRule = 'numpy'): Shape {
    return shapes.broadcast(this, a, b, rule);
  }

  window(n: Dim, kernel: Dim, w: Window, axis: number): { count: Dim; pads: readonly [Dim, Dim] } {
    return shapes.window(this, n, kernel, w, axis);
  }

  sliceLength(n: Dim, begin: Dim, end: Dim, step: number): Dim {
    return shapes.sliceLength(this, n, begin, end, step);
  }

  reshape(from: Shape, pattern: readonly Dim[], specialZero: boolean): Shape {
    return shapes.reshape(this, from, pattern, specialZero);
  }

  /** A dimension of output `output` that only the run tells. */
  fresh(axis: number, range: Range = [0, Number.POSITIVE_INFINITY], output = 0): Dim {
    return this.scope.symbol({ kind: 'data', node: String(this.node.id), output, axis }, range, `${this.node.name}#${axis}`);
  }

  /** A dimension of a carried state or parameter-like output, unknown and without relation to others. */
  freshShape(rank: number, output = 0): readonly Dim[] {
    if (rank > maxRank) this.fail(`a rank of ${rank} is beyond ${maxRank}`);
    return Array.from({ length: rank }, (_, axis) => this.fresh(axis, undefined, output));
  }

  /** Elements of a small integer tensor as far as they are known; undefined when not even their number is. */
  values(f: Fact): readonly Element[] | undefined {
    return elementsOf(f);
  }

  /** Elements as plain numbers, when all are constant. */
  constants(f: Fact | undefined): readonly number[] | undefined {
    if (f === undefined) return undefined;
    if (f.value) return numbersOf(f.value.nd());
    return f.elements?.every((e) => typeof e === 'number') ? (f.elements as readonly number[]) : undefined;
  }

  /**
   * Elements as dimensions; one that only the run tells becomes a symbol bound to that element of the tensor.
   * Undefined when the number of elements is unknown or large.
   */
  dims(f: Fact): readonly Dim[] | undefined {
    const shape = staticShape(f.shape);
    if (f.shape && f.shape.length > 1) return this.fail(`a list is needed, not a tensor of rank ${f.shape.length}`);
    if (!shape || sizeOf(shape) > smallTensor) return undefined;
    const known = elementsOf(f) ?? new Array<Element>(sizeOf(shape)).fill(undefined);
    const value = this.node.inputs.findLast((v) => v?.fact === f);
    return known.map((e, element) => {
      if (typeof e === 'number' || (e !== undefined && shapes.isExpr(e))) return e;
      if (!value) return this.fail('a value that only the run tells is needed here');
      return this.scope.symbol(
        { kind: 'value', node: String(value.node.id), output: value.index, element },
        [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
        `${value.label}[${element}]`,
      );
    });
  }
}

/** The elements of a fact: given, or read from a constant. */
export function elementsOf(f: Fact): readonly Element[] | undefined {
  if (f.elements) return f.elements;
  if (!f.value || f.value.size > smallTensor || !(isInteger(f.type) || f.type === 'boolean')) return undefined;
  return numbersOf(f.value.nd());
}

/** The elements of a small f32 tensor: given, or read from a constant. */
export function floatsOf(f: Fact): readonly FloatElement[] | undefined {
  if (f.floats) return f.floats;
  return f.value && f.value.size <= smallTensor && f.type === 'f32' ? numbersOf(f.value.nd()) : undefined;
}

function checkArity(op: Op, node: Node): void {
  const given = node.inputs.length;
  let least = 0;
  let missing = -1;
  let most = op.inputs.length;
  for (let i = 0; i < op.inputs.length; i++) {
    const { arity } = op.inputs[i] as Port;
    if (arity === 'many') most = Number.POSITIVE_INFINITY;
    if (arity !== 'one') continue;
    least++;
    if (missing < 0 && node.inputs[i] === undefined) missing = i;
  }
  if (given >= least && given <= most && missing < 0) return;
  const expected = least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
  const which = missing >= 0 && missing < given ? `; input "${op.inputs[missing]?.name}" is absent` : '';
  throw new CuveeError('MODEL_INVALID', `${op.name} "${node.name}": ${expected} inputs expected, got ${given}${which}`, {
    op: op.name,
    node: node.name,
  });
}

function checkTypes(op: Op, node: Node): void {
  for (let i = 0; i < node.inputs.length; i++) {
    const value = node.inputs[i];
    const p = op.inputs[Math.min(i, op.inputs.length - 1)];
    if (!value || !p || p.types.has(value.fact.type)) continue;
    throw new CuveeError(
      'TYPE_MISMATCH',
      `${op.name} "${node.name}": input ${i} ("${p.name}") must be ${p.types.name}, "${value.label}" is ${value.fact.type}`,
      { op: op.name, node: node.name },
    );
  }
}

/** Output types that attributes choose. */
function checkOutputs(op: Op, node: Node, facts: readonly Fact[]): void {
  for (let i = 0; i < facts.length; i++) {
    const p = op.outputs[Math.min(i, op.outputs.length - 1)];
    const { type } = facts[i] as Fact;
    if (p && !p.types.has(type))
      throw new CuveeError('TYPE_MISMATCH', `${op.name} "${node.name}": output ${i} ("${p.name}") must be ${p.types.name}, not ${type}`, {
        op: op.name,
        node: node.name,
      });
  }
}

/** Ranks that ports give; a single element is a guard where only the run tells. */
function checkRanks(op: Op, node: Node, ctx: Infer): void {
  for (let i = 0; i < op.inputs.length; i++) {
    const { name, rank } = op.inputs[i] as Port;
    const value = node.inputs[i];
    const shape = value?.fact.shape;
    if (rank === undefined || !value || !shape) continue;
    const what = `input ${i} ("${name}")`;
    if (rank === 'one') for (const d of shape) ctx.requireEqual(`${what} must be one element`, d, 1);
    else if (
      typeof rank === 'number' ? shape.length !== rank : 'least' in rank ? shape.length < rank.least : !rank.includes(shape.length)
    ) {
      const wanted = typeof rank === 'number' ? rank : 'least' in rank ? `at least ${rank.least}` : rank.join(' or ');
      ctx.fail(`${what} must have rank ${wanted}, "${value.label}" has rank ${shape.length}`);
    }
  }
}

/** Facts of a node's outputs. Throws CuveeError with op and node; anything else a room throws is wrapped. */
export function inferNode(node: Node, scope: ShapeScope): readonly Fact[] {
  const { op } = node;
  checkArity(op, node);
  checkTypes(op, node);
  const ctx = new Infer(node, scope);
  try {
    checkRanks(op, node, ctx);
    const facts = op.infer(node.inputs.map(factOf), node.attributes, ctx);
    checkOutputs(op, node, facts);
    if (!op.evaluate || op.traits.impure || op.traits.control) return facts;
    const valued = withValues(node, facts);
    return valued.some(hasElements) ? valued.map(settled) : valued;
  } catch (error) {
    if (error instanceof CuveeError && error.node !== undefined) throw error;
    throw CuveeError.wrap(`${op.name} "${node.name}"`, error, 'MODEL_INVALID', { op: op.name, node: node.name });
  }
}

const factOf = (v: Value | undefined): Fact | undefined => v?.fact;
const hasElements = (f: Fact): boolean => f.elements !== undefined;
const hasValue = (f: Fact): boolean => f.value !== undefined;
const isSmallConstant = (v: Value | undefined): boolean => !v || (v.fact.value !== undefined && v.fact.value.size <= foldedAtOnce);

/** Adds constant values, and the elements that a moving op carries from its inputs. */
function withValues(node: Node, facts: readonly Fact[]): readonly Fact[] {
  if (facts.some(hasValue)) return facts;
  const { inputs, op } = node;
  const constant = inputs.every(isSmallConstant);
  const moves = typeof op.traits.moves === 'function' ? op.traits.moves(node.attributes) : op.traits.moves;
  if (!constant && !moves) return facts;
  const sizes = facts.map((f) => (staticShape(f.shape) ? sizeOf(staticShape(f.shape) as number[]) : Number.POSITIVE_INFINITY));
  if (constant && Math.max(...sizes) <= foldedAtOnce) {
    return facts.map((f, i) => ({
      type: f.type,
      shape: f.shape,
      value: Literal.fromNd(
        evaluateNode(
          node,
          inputs.map((v) => v?.fact.value?.nd()),
          facts,
        )[i] as NdArray,
      ),
    }));
  }
  if (!moves || Math.max(...sizes) > smallTensor || facts.some((f) => f.elements ?? f.floats)) return facts;
  return moveElements(node, facts);
}

/** Elements that are all numbers are a constant. */
function settled(f: Fact): Fact {
  const shape = staticShape(f.shape);
  if (
    f.value ||
    !f.elements ||
    !shape ||
    !carries(f.type) ||
    f.elements.length !== sizeOf(shape) ||
    !f.elements.every((e) => typeof e === 'number')
  )
    return f;
  return { ...f, value: Literal.from(f.type, shape, f.elements as readonly number[]) };
}

const carries = (type: ElementType): boolean => isInteger(type) || type === 'boolean';

function moveElements(node: Node, facts: readonly Fact[]): readonly Fact[] {
  const float = facts.every((f) => f.type === 'f32');
  if (!float && !facts.every((f) => carries(f.type))) return facts;
  const arrays: (NdArray | undefined)[] = [];
  for (const value of node.inputs) {
    if (!value) {
      arrays.push(undefined);
      continue;
    }
    if (value.fact.value) {
      arrays.push(value.fact.value.nd());
      continue;
    }
    const elements = float ? floatsOf(value.fact) : elementsOf(value.fact);
    const shape = staticShape(value.fact.shape);
    if (!elements || !shape || !isDataPort(node, arrays.length)) return facts;
    arrays.push({ type: value.fact.type, shape, data: elements as unknown as NdArray['data'] });
  }
  // A mix of symbolic and constant data inputs (Concat): all become plain arrays.
  const symbolic = arrays.map((a, i) =>
    a && node.inputs[i]?.fact.type === facts[0]?.type && !Array.isArray(a.data) && isDataPort(node, i)
      ? { ...a, data: numbersOf(a) as unknown as NdArray['data'] }
      : a,
  );
  const results = evaluateNode(node, symbolic, facts);
  return facts.map((f, i) => {
    const list = Array.from(results[i]?.data as unknown as Element[], (e) => (typeof e === 'bigint' ? Number(e) : e));
    return float ? { ...f, floats: list as readonly FloatElement[] } : { ...f, elements: list };
  });
}

/** Whether input `i` holds what the op moves (its first port, or any of a `many` port) and not how to move it. */
const isDataPort = (node: Node, i: number): boolean =>
  i === 0 || node.op.inputs[Math.min(i, node.op.inputs.length - 1)]?.arity === 'many' || node.op.inputs[i]?.name === 'updates';
