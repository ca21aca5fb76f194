/** @file When a step can run: after what makes the tensors that it reads, and what tells the sizes that it uses. */
import { shape, type Dim, type Node } from '@cuvee/core';
import type { TensorId } from '../plan/plan.js';
import { isFloatArg, symbolKey, type Draft, type DraftArg, type DraftStep, type DraftTensor } from './draft.js';

/** A step whose level is not known yet. */
export type UnplacedStep = Omit<DraftStep, 'node' | 'level' | 'plans'> & Partial<Pick<DraftStep, 'plans'>>;

type ElementOrigin = shape.Origin & { readonly kind: 'value' };

const nothing: ReadonlySet<string> = new Set();

/** Puts the steps of a draft on levels. Steps of one level know all their sizes when it begins. */
export class Levels {
  readonly #draft: Draft;
  readonly #told: (origin: ElementOrigin) => TensorId;

  /** `told`: the tensor that holds the element of which a symbol is the name. */
  constructor(draft: Draft, told: (origin: ElementOrigin) => TensorId) {
    this.#draft = draft;
    this.#told = told;
  }

  /** Adds a step of a node. */
  push(node: Node, step: UnplacedStep): void {
    const draft = this.#draft;
    const own =
      draft.bindings.size > 0
        ? new Set([...draft.bindings].flatMap(([key, b]) => (step.outputs.includes(b.tensor) ? [key] : [])))
        : nothing;
    const open: Dim[] = []; // sizes that are no numbers: most models have none here
    for (let i = 0; i < step.outputs.length; i++)
      for (const d of draft.tensors[step.outputs[i] as TensorId]?.dims ?? []) if (typeof d !== 'number') open.push(d);
    for (let i = 0; i < step.args.length; i++) {
      const a = step.args[i] as DraftArg;
      if (typeof a === 'object' && !isFloatArg(a)) open.push(a);
    }
    const level = this.here(step.inputs, open, own);
    for (const key of own) draft.symbolLevel.set(key, level + 1);
    const dynamic = step.outputs.some((t) => draft.tensors[t]?.storage.kind === 'dynamic');
    // What a step allocates itself can be read within its own level only by steps that need not know its size; keep it simple: after it.
    for (const t of step.outputs) {
      const at = dynamic && draft.tensors[t]?.storage.kind === 'dynamic' ? level + 1 : level;
      for (let base = t; ; ) {
        draft.tensorLevel[base] = at;
        const { storage } = draft.tensors[base] as DraftTensor;
        if (storage.kind !== 'view') break;
        base = storage.of;
      }
    }
    draft.steps.push({ plans: [], ...step, node, level });
  }

  /** The first level on which tensors and sizes are there; sizes of `own` keys the step itself tells. */
  here(inputs: readonly (TensorId | -1)[], dims: readonly Dim[], own: ReadonlySet<string> = nothing): number {
    let level = 0;
    for (let i = 0; i < inputs.length; i++) level = Math.max(level, this.#draft.tensorLevel[inputs[i] as number] ?? 0);
    for (const d of dims) {
      if (typeof d === 'number') continue;
      for (const origin of shape.originsOf(d)) {
        const key = symbolKey(origin);
        if (own.has(key)) continue;
        level = Math.max(level, this.#symbolLevel(origin, key));
      }
    }
    return level;
  }

  /** A symbol that stands for an element of a tensor is bound after the level that makes the tensor. */
  #symbolLevel(origin: shape.Origin, key: string): number {
    const known = this.#draft.symbolLevel.get(key);
    if (known !== undefined) return known;
    if (origin.kind !== 'value') return 0;
    // The tensor whose memory it is: a view that no step reads has none of its own at run time.
    let tensor = this.#told(origin);
    for (
      let base = this.#draft.tensors[tensor];
      base?.storage.kind === 'view' && base.offset === undefined;
      base = this.#draft.tensors[tensor]
    )
      tensor = base.storage.of;
    const level = this.#draft.tensors[tensor]?.storage.kind === 'input' ? 0 : (this.#draft.tensorLevel[tensor] ?? 0) + 1;
    this.#draft.bindings.set(key, { kind: 'element', tensor, at: origin.element });
    this.#draft.symbolLevel.set(key, level);
    return level;
  }
}
