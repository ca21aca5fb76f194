/**
 * @file What a lowering function works with: tensors for a node's inputs and outputs, and steps.
 */
import {
  CuveeError,
  numbersOf,
  printFact,
  shape,
  type Dim,
  type Fact,
  type Literal,
  type Model,
  type Node,
  type ShapeScope,
  type Value,
} from '@cuvee/core';
import type { Layout, Storage, TensorId } from '../plan/plan.js';
import type { Isa } from './finish.js';
import { Levels, type UnplacedStep } from './levels.js';
import type { Place } from './places.js';
import { symbolKey, type Draft, type DraftArg, type Lowered } from './draft.js';

/** How one operation becomes steps. */
export interface Lowering {
  /** Why this node cannot be lowered, or undefined. The predicate of `query` and of `compile`. */
  readonly refuse?: (node: Node) => string | undefined;
  /** Whether its steps allocate outputs whose size only they know. */
  readonly opens?: boolean;
  readonly lower: (c: LoweringContext) => void;
}
export type LoweringTable = Readonly<Record<string, Lowering>>;

/** Compiles a sub-model (a Loop's or If's body). */
export type CompileBody = (body: Model) => Draft;

/** Values lowered so far, and the node whose turn it is. */
export class LoweringContext {
  readonly draft: Draft;
  /** Width of a channel block of the instruction set. */
  readonly block: number;
  /** Layouts and what is read do not depend on what stands around a node. */
  readonly alone: boolean;
  readonly compileBody: CompileBody;
  readonly scope: ShapeScope;
  node!: Node;
  readonly #lowered = new Map<Value, Lowered>();
  /** Values wanted in memory of a certain kind (results, computed constants): claimed by the first tensor that can be written there. */
  readonly #wanted: Map<Value, Storage[]>;
  /** Values that are made, in blocks, within the result of a concatenation. */
  readonly #places: ReadonlyMap<Value, Place>;
  readonly #joined = new Map<Value, TensorId>();
  readonly #levels: Levels;

  constructor(
    draft: Draft,
    scope: ShapeScope,
    isa: Isa,
    wanted: Map<Value, Storage[]>,
    compileBody: CompileBody,
    places: ReadonlyMap<Value, Place> = new Map(),
  ) {
    this.draft = draft;
    this.scope = scope;
    this.block = isa.block;
    this.alone = isa.alone ?? false;
    this.#wanted = wanted;
    this.compileBody = compileBody;
    this.#places = places;
    this.#levels = new Levels(draft, (origin) => this.#told(origin));
  }

  fact(i: number): Fact {
    return this.node.input(i).fact;
  }

  /** What the shape functions ask for: a scope, this node's name, how to fail. */
  get shapes(): shape.ShapeContext {
    return shape.shapeContext(this.scope, this.node.name, this.node.op.name);
  }

  /** Elements of a small integer input as sizes; one that only the run tells is a symbol bound to that element. */
  dims(i: number): readonly Dim[] {
    const value = this.node.input(i);
    const { fact } = value;
    const known = fact.value
      ? numbersOf(fact.value.nd())
      : (fact.elements ?? new Array<undefined>(Number(fact.shape?.[0] ?? 1)).fill(undefined));
    return known.map((e, element) =>
      typeof e === 'number' || (e !== undefined && typeof e !== 'boolean' && shape.isExpr(e))
        ? e
        : this.scope.symbol(
            { kind: 'value', node: String(value.node.id), output: value.index, element },
            [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
            `${value.label}[${element}]`,
          ),
    );
  }

  /** The input's value, when it is constant. */
  constant(i: number): Literal | undefined {
    return this.node.inputs[i]?.fact.value;
  }

  /** Layout in which input `i` was made. */
  layout(i: number): Layout {
    return this.layoutOf(this.node.input(i));
  }

  /** Layout in which a value was made; blocked when it exists in both. */
  layoutOf(value: Value): Layout {
    return !this.alone && this.#lowered.get(value)?.blocked !== undefined ? 'blocked' : 'plain';
  }

  /** A copy of a tensor in the other layout. */
  reorder(from: TensorId, layout: Layout): TensorId {
    const base = this.draft.tensors[from] as (typeof this.draft.tensors)[number];
    const to = this.draft.addTensor({ type: base.type, layout, storage: { kind: 'arena' }, dims: base.dims, name: base.name });
    this.#push({ family: 'reorder', action: layout, inputs: [from], outputs: [to], args: [] });
    return to;
  }

  /** A plain f16 or bf16 tensor as f32, by a conversion step; any other as it is. */
  widened(from: TensorId): TensorId {
    const base = this.draft.tensors[from] as (typeof this.draft.tensors)[number];
    if (base.type !== 'f16' && base.type !== 'bf16') return from;
    const to = this.draft.addTensor({ type: 'f32', layout: 'plain', storage: { kind: 'arena' }, dims: base.dims, name: base.name });
    this.#push({ family: 'convert', action: '', inputs: [from], outputs: [to], args: [] });
    return to;
  }

  /** Input `i` in a layout; a reorder step is added when it exists only in the other one. -1 when it is absent. */
  input(i: number, layout: Layout = 'plain'): TensorId | -1 {
    const value = this.node.inputs[i];
    return value ? this.tensor(value, layout) : -1;
  }

  /** All inputs, plain. */
  inputs(): (TensorId | -1)[] {
    return this.node.inputs.map((_, i) => this.input(i));
  }

  /** Any lowered value in a layout. */
  tensor(value: Value, layout: Layout = 'plain'): TensorId {
    const entry = this.#lowered.get(value) ?? this.#constantTensor(value);
    const existing = entry[layout];
    if (existing !== undefined) return existing;
    const from = entry[layout === 'plain' ? 'blocked' : 'plain'] as TensorId;
    if (layout === 'plain' && this.#isPlainToo(value)) {
      entry.plain = this.viewAs(from, value.fact.shape ?? [], 'plain');
      return entry.plain;
    }
    const to = layout === 'plain' ? this.#newTensor(value, layout, this.#resultStorage(value)) : this.#newBlocked(value);
    this.#push({ family: 'reorder', action: layout, inputs: [from], outputs: [to], args: [] });
    entry[layout] = to;
    return to;
  }

  /** Whether a value made in blocks has its elements in order, side by side, and may be shown as it is: one pixel of one image, no result. */
  #isPlainToo(value: Value): boolean {
    const [images, , ...pixel] = value.fact.shape ?? [];
    return images === 1 && pixel.every((d) => d === 1) && !this.#wanted.get(value)?.length;
  }

  /** A value that no step made: a constant, or elements that are sizes and are written from registers when somebody wants them as data. */
  #constantTensor(value: Value): Lowered {
    const literal = value.fact.value;
    const sizes = literal ? undefined : knownElements(value.fact);
    if (sizes) {
      const id = this.#newTensor(value, 'plain', { kind: 'arena' });
      this.#push({ family: 'values', action: '', inputs: [], outputs: [id], args: sizes });
      this.define(value, 'plain', id);
      return this.#lowered.get(value) as Lowered;
    }
    if (!literal)
      throw new CuveeError('INTERNAL', `"${value.label}" ${printFact(value.fact)} was not lowered before "${this.node.name}" uses it`, {
        node: this.node.name,
      });
    const entry: Lowered = { value, plain: this.constantTensor(literal, value.label) };
    this.#lowered.set(value, entry);
    return entry;
  }

  /** A tensor for a constant made by a lowering. */
  constantTensor(literal: Literal, name: string): TensorId {
    this.draft.weights.push(literal);
    return this.draft.addTensor({
      type: literal.type,
      layout: 'plain',
      storage: { kind: 'weight', weight: this.draft.weights.length - 1 },
      dims: literal.shape,
      name,
    });
  }

  /** A value that the prologue computes, as a constant; gives the constant's index. Its shape must be static. */
  defineComputed(value: Value): number {
    const weight = this.draft.weights.push({ computed: value.fact.type }) - 1;
    this.define(value, 'plain', this.#newTensor(value, 'plain', { kind: 'weight', weight }));
    return weight;
  }

  /** Output `i` in memory of its own. Where its size is only told by the step itself, `dynamic` storage, whose dimensions the step binds. */
  output(i = 0, layout: Layout = 'plain'): TensorId {
    const value = this.node.outputs[i] as Value;
    const unknown = this.#ownDimensions(value);
    const blocked = layout === 'blocked' && !isOpen(value);
    const id = blocked
      ? this.#newBlocked(value)
      : this.#newTensor(value, layout, isOpen(value) ? { kind: 'dynamic' } : this.#resultStorage(value));
    for (const { key, axis } of unknown) this.draft.bindings.set(key, { kind: 'dim', tensor: id, at: axis });
    this.define(value, layout, id);
    return id;
  }

  /** All outputs, plain. */
  outputs(): TensorId[] {
    return this.node.outputs.map((_, i) => this.output(i));
  }

  /** Output `i` as other dimensions over input memory: no step runs. */
  view(i: number, of: TensorId, offset?: Dim): TensorId {
    const value = this.node.outputs[i] as Value;
    const id = this.draft.addTensor(
      {
        type: value.fact.type,
        layout: 'plain',
        storage: { kind: 'view', of, offset: -1 },
        dims: value.fact.shape ?? [],
        name: value.label,
        ...(offset !== undefined && { offset }),
      },
      this.#levels.here([of], [...(value.fact.shape ?? []), ...(offset === undefined ? [] : [offset])]),
    );
    this.define(value, 'plain', id);
    return id;
  }

  /** A tensor of no model value: of another shape over the same memory. */
  viewAs(of: TensorId, dims: readonly Dim[], layout?: Layout): TensorId {
    const base = this.draft.tensors[of] as (typeof this.draft.tensors)[number];
    return this.draft.addTensor(
      { ...base, layout: layout ?? base.layout, dims, storage: { kind: 'view', of, offset: -1 }, offset: undefined },
      this.draft.tensorLevel[of],
    );
  }

  /** A temporary. */
  temporary(type: Fact['type'], dims: readonly Dim[], layout: Layout = 'plain'): TensorId {
    return this.draft.addTensor({ type, layout, storage: { kind: 'arena' }, dims, name: `${this.node.name}.tmp` });
  }

  /** Says which tensor holds an output. */
  define(value: Value, layout: Layout, id: TensorId): void {
    const entry = this.#lowered.get(value) ?? { value };
    entry[layout] = id;
    this.#lowered.set(value, entry);
  }

  /** Adds a step. `action` chooses within the family; arguments are integers, sizes or `{ float }`. */
  emit(
    family: string,
    action: string,
    inputs: readonly (TensorId | -1)[],
    outputs: readonly TensorId[],
    args: readonly DraftArg[] = [],
    plans: readonly Draft[] = [],
  ): void {
    this.#push({ family, action, inputs, outputs, args, plans });
  }

  #push(step: UnplacedStep): void {
    this.#levels.push(this.node, step);
  }

  /** The tensor of the value that an element's symbol stands for. */
  #told(origin: shape.Origin & { readonly kind: 'value' }): TensorId {
    const name = `${origin.node}:${origin.output}`;
    const entry = [...this.#lowered.values()].find(
      ({ value }) => `${value.node.id}:${value.index}` === name || value.standsFor?.includes(name),
    );
    if (!entry)
      throw new CuveeError('INTERNAL', `"${this.node.name}": a size depends on a value that was not lowered`, { node: this.node.name });
    return this.tensor(entry.value);
  }

  /** Dimensions of an output that this very node binds. */
  #ownDimensions(value: Value): { key: string; axis: number }[] {
    const found: { key: string; axis: number }[] = [];
    value.fact.shape?.forEach((d, axis) => {
      if (typeof d === 'number' || !shape.isSymbol(d)) return;
      const origin = [...shape.originsOf(d)][0];
      if (origin?.kind === 'data' && origin.node === String(value.node.id) && origin.output === value.index && origin.axis === axis)
        found.push({ key: symbolKey(origin), axis });
    });
    return found;
  }

  #newTensor(value: Value, layout: Layout, storage: Storage): TensorId {
    const { shape: dims, type } = value.fact;
    if (!dims)
      throw new CuveeError('MODEL_UNSUPPORTED', `"${value.label}" has an unknown rank`, { op: value.node.op.name, node: value.node.name });
    return this.draft.addTensor({ type, layout, storage, dims, name: value.label });
  }

  #newBlocked(value: Value): TensorId {
    const place = this.#places.get(value);
    if (!place) return this.#newTensor(value, 'blocked', { kind: 'arena' });
    let of = this.#joined.get(place.joined);
    if (of === undefined) this.#joined.set(place.joined, (of = this.#newBlocked(place.joined)));
    return this.part(of, value, place.channels);
  }

  /** The result of a concatenation that some of its inputs were already written into, in blocks. */
  joined(value: Value): TensorId | undefined {
    return this.#joined.get(value);
  }

  /** Channels before a value where it is made within a concatenation. */
  placeOf(value: Value): number | undefined {
    return this.#places.get(value)?.channels;
  }

  /** A blocked tensor for a value, behind so many channels of the blocked tensor `of`. */
  part(of: TensorId, value: Value, channels: number): TensorId {
    const { shape: dims = [], type } = value.fact;
    const offset = shape.mul(4 * channels, ...dims.slice(2));
    return this.draft.addTensor({
      type,
      layout: 'blocked',
      storage: { kind: 'view', of, offset: -1 },
      dims,
      name: value.label,
      ...(channels > 0 && { offset }),
    });
  }

  /** The memory in which a value is wanted, the first time it is asked for. */
  #resultStorage(value: Value): Storage {
    const storage = this.#wanted.get(value)?.shift() ?? { kind: 'arena' };
    if (storage.kind === 'output') this.draft.outputs[storage.index] = this.draft.tensors.length;
    return storage;
  }

  /** Copies a value into memory where it is wanted and was not written in place. */
  finishWanted(value: Value): void {
    if (!this.#wanted.get(value)?.length) return;
    const from = this.tensor(value);
    for (;;) {
      const storage = this.#wanted.get(value)?.shift();
      if (!storage) return;
      this.#push({ family: 'copy', action: '', inputs: [from], outputs: [this.#newTensor(value, 'plain', storage)], args: [] });
    }
  }

  /** Copies a value into result `index`, where nothing wrote it in place. */
  finishResult(value: Value, index: number): void {
    if (this.draft.outputs[index] !== undefined) return;
    const from = this.tensor(value);
    if (this.draft.outputs[index] !== undefined) return;
    const dynamic = this.draft.tensors[from]?.storage.kind === 'dynamic';
    if (dynamic) {
      this.draft.outputs[index] = from;
      return;
    }
    const to = this.#newTensor(value, 'plain', { kind: 'output', index });
    this.draft.outputs[index] = to;
    this.#push({ family: 'copy', action: '', inputs: [from], outputs: [to], args: [] });
  }
}

/** Whether a size of a value is told only by a run of the node that makes it, by this output or another one. */
export function isOpen({ fact, node }: Value): boolean {
  const dims = fact.shape ?? [];
  for (let i = 0; i < dims.length; i++) {
    const d = dims[i] as Dim;
    if (typeof d !== 'number' && [...shape.originsOf(d)].some((o) => o.kind === 'data' && o.node === String(node.id))) return true;
  }
  return false;
}

/** The elements of a small integer tensor as sizes, when all are numbers or expressions. */
export function knownElements(f: Fact): readonly Dim[] | undefined {
  const ok = f.elements?.every((e) => typeof e === 'number' || (e !== undefined && typeof e !== 'boolean' && shape.isExpr(e)));
  return ok ? (f.elements as readonly Dim[]) : undefined;
}
