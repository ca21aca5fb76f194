/**
 * @file Whether several inferences may run as one: every output keeps the batch as its first dimension, and no operation lets one row
 * see another. Sizes tell where the rows of a value lie: the model is inferred for batches of 1, 2 and 3. What sizes cannot tell (a
 * Softmax over the batch keeps its shape) is tried: an operation runs on a batch of two random rows, and on each row alone.
 */
import {
  bitsOf,
  cloneModel,
  createScope,
  CuveeError,
  decompose,
  setFacts,
  staticShape,
  type Fact,
  type Model,
  type Node,
  type Value,
} from '@cuvee/core';
import { hasRows } from './gather.js';
import { agree, Trial } from './trial.js';

/** Where the rows of a value lie: along one dimension, each `block` long. */
export interface Rows {
  readonly axis: number;
  readonly block: number;
}

/** What free sizes but the batch count as, within their bounds. */
const typical = 64;

/** Sizes of batches that are looked at; the last two are tried. */
const batches = [3, 1, 2] as const;
type Facts = ReadonlyMap<Value, Fact>;

/**
 * Checks that requests of the model may run as rows of one batch; the whole of it, since what one node mixes no later one parts.
 * For each output: how long a row is in its first dimension; undefined where it is the same for all rows.
 * For models that can have rows at all. Throws MODEL_UNSUPPORTED naming the node that forbids it.
 */
export function rowsOf(model: Model): readonly (number | undefined)[] {
  const { model: copy } = cloneModel(model);
  try {
    for (const p of copy.parameters) setShape(p, shapeFor(p.output, undefined));
    copy.infer();
  } catch {
    // What does not fit is found, and named, below.
  }
  decompose(copy, () => false);
  const inputs = copy.inputs.map((v) => shapeFor(v, 0).slice(1));
  const infer = (batch: number): { facts: Facts; failed?: { node: Node; error: unknown } } => {
    copy.parameters.forEach((p, i) => setShape(p, [batch, ...(inputs[i] as number[])]));
    const scope = createScope();
    const facts = new Map<Value, Fact>();
    for (const node of copy.nodes()) {
      try {
        if (node.op.name !== 'Constant') setFacts(node, scope);
      } catch (error) {
        return { facts, failed: { node, error } };
      }
      for (const v of node.outputs) facts.set(v, v.fact);
    }
    return { facts };
  };
  const [three, one, two] = batches.map(infer) as [ReturnType<typeof infer>, ReturnType<typeof infer>, ReturnType<typeof infer>];
  const walk = new Walk([one.facts, two.facts, three.facts]);
  for (const node of copy.nodes()) {
    const failed = two.failed?.node === node ? two.failed : three.failed?.node === node ? three.failed : undefined;
    if (failed) throw walk.misfit(node, failed.error);
    walk.visit(node);
  }
  const trials = walk.trials;
  infer(1);
  const alone = trials.map((trial) => trial.alone(one.facts));
  infer(2);
  trials.forEach((trial, i) => {
    const wrong = agree(trial, alone[i] ?? [], two.facts);
    if (wrong) throw refuse(trial.node, wrong);
  });
  return copy.results.map((r) => walk.blockOf(r.input(0)));
}

/**
 * Why requests of a model are no rows, going by its inputs: no input, none with a batch as its first dimension, or elements that cannot
 * be copied row by row. Nothing is unsafe then, there is only nothing to gather; undefined for models that can have rows.
 */
export function withoutRows(model: Model): string | undefined {
  if (model.inputs.length === 0) return 'the model has no input';
  for (const v of [...model.inputs, ...model.outputs])
    if (!hasRows(v.elementType, bitsOf(v.elementType))) return `"${v.anyName}" has elements of type ${v.elementType}`;
  for (const value of model.inputs) {
    const layout = value.node.rtInfo?.layout?.layout?.replace(/[[\],]/g, '');
    const [first] = value.partialShape.dimensions ?? [];
    const said = `input "${value.anyName}" ${value.partialShape}`;
    if (layout?.includes('N') && !layout.startsWith('N')) return `the batch is not the first dimension of ${said}: its layout is ${layout}`;
    if (first === undefined || first[0] > 1 || first[1] < 1) return `${said} has no batch dimension: its first is not 1`;
  }
  return undefined;
}

function setShape(node: Node, shape: readonly number[]): void {
  const text = shape.map((n) => (n < 0 ? '?' : String(n))).join(',');
  (node as { attributes: Node['attributes'] }).attributes = { ...node.attributes, shape: text };
}

/** The shape with a free batch (-1); other free sizes as they are, or as numbers where a batch is given. */
function shapeFor(value: Value, batch: number | undefined): number[] {
  const [, ...others] = value.partialShape.dimensions ?? [];
  return [batch ?? -1, ...others.map(([lo, hi]) => (lo === hi ? lo : batch === undefined ? -1 : Math.min(hi, Math.max(lo, typical))))];
}

/** By the name that the model's author knows. */
function refuse(node: Node, why: string): CuveeError {
  const name = node.origin[0] ?? node.name;
  return new CuveeError('MODEL_UNSUPPORTED', `requests cannot run as one batch: ${node.op.name} "${name}" ${why}`, {
    op: node.op.name,
    node: name,
  });
}

const isRead = (value: Value): boolean => value.users.size > 0;

/** What is known of a value: its rows, or that it is the same for every batch, or that it follows from sizes alone. */
type State = Rows | 'same' | 'size';
const isRows = (state: State | undefined): state is Rows => typeof state === 'object';

/** Follows the rows from node to node by sizes; collects what has to be tried. */
class Walk {
  readonly trials: Trial[] = [];
  readonly #facts: readonly [Facts, Facts, Facts];
  readonly #states = new Map<Value, State>();
  /** The node that put rows where they lie. */
  readonly #put = new Map<Value, Node>();

  constructor(facts: readonly [Facts, Facts, Facts]) {
    this.#facts = facts;
  }

  /** Throws MODEL_UNSUPPORTED for a node that forbids a batch, as far as sizes tell. */
  visit(node: Node): void {
    const { op } = node;
    if (op.name === 'Parameter') return this.#set(node, { axis: 0, block: 1 });
    if (op.name === 'Result') return this.#result(node);
    if (node.attributes.variable_id !== undefined) throw refuse(node, 'keeps a state, which belongs to one stream of inferences');
    if (op.traits.impure) throw refuse(node, 'is random: rows would differ from inferences alone');
    // What nobody reads may say what it likes: the second output of a MaxPool has indices into the whole batch.
    const states = node.outputs.map((v) => (isRead(v) ? this.#stateOf(node, v) : undefined));
    states.forEach((state, i) => state && this.#keep(node.outputs[i] as Value, state, node));
    const given = node.inputs.map((v) => (v ? this.#states.get(v) : undefined));
    if (!states.some(isRows) && !given.some(isRows)) return;
    if (!states.some(isRows) && states.every((s) => s === undefined || s === 'size')) return; // a size of rows, not what is in them
    if (op.traits.elementwise) return this.#elementwise(node, states[0] as State);
    // Each output element of a product is a sum over what its inputs share: a batch that is left as one dimension was in no sum.
    if (op.traits.flops) return;
    if (this.#saysApart(node, given, states)) return;
    const rows = (list: readonly (State | undefined)[]): (Rows | undefined)[] => list.map((s) => (isRows(s) ? s : undefined));
    this.trials.push(new Trial(node, rows(given), rows(states)));
  }

  /** Whether the operation itself says that it mixes elements along other axes only: every row stays where it is. */
  #saysApart({ op, attributes, outputs }: Node, given: readonly (State | undefined)[], states: readonly (State | undefined)[]): boolean {
    const [first] = states;
    const [value, ...others] = outputs as readonly [Value, ...Value[]];
    const rank = this.#facts[0].get(value)?.shape?.length;
    if (!op.traits.mixes || rank === undefined || !isRows(first) || others.some(isRead)) return false;
    const mixed = op.traits.mixes(attributes, rank).map((axis) => (axis < 0 ? axis + rank : axis));
    return !mixed.includes(first.axis) && given.every((s) => isRows(s) && s.axis === first.axis && s.block === first.block);
  }

  /** What the shapes for 1, 2 and 3 rows say. */
  #stateOf(node: Node, value: Value): State {
    const facts = this.#facts.map((f) => f.get(value)) as Fact[];
    const shapes = facts.map((f) => staticShape(f.shape));
    const known = facts.every((f) => f.value !== undefined || f.elements?.every((e) => typeof e === 'number' || typeof e === 'boolean'));
    const given = node.inputs.map((v) => (v ? this.#states.get(v) : undefined));
    if (shapes.some((s) => s === undefined))
      throw refuse(node, 'gives as much as the data say, so that no output tells whose row is whose');
    const [one, two, three] = shapes as [readonly number[], readonly number[], readonly number[]];
    const changing = one.flatMap((n, axis) => (two[axis] === n && three[axis] === n ? [] : [axis]));
    if (changing.length === 0 && known) return given.some((s) => s !== undefined && s !== 'same') ? 'size' : 'same';
    if (changing.length === 0 && !given.some(isRows)) return given.includes('size') ? 'size' : 'same';
    const [axis = -1, second] = changing;
    const block = one[axis] ?? 0;
    if (changing.length === 0) throw refuse(node, `has an output [${one.join(',')}] of one size for any batch: it mixes rows`);
    if (second !== undefined) throw refuse(node, `relates each row to each: its output is [${two.join(',')}] for two rows`);
    if (two[axis] !== 2 * block || three[axis] !== 3 * block)
      throw refuse(node, `has ${one[axis]}, ${two[axis]}, ${three[axis]} in dimension ${axis} for 1, 2, 3 rows`);
    return { axis, block };
  }

  /** Rows that meet lie alike, and nothing else has a size along them. */
  #elementwise(node: Node, state: State): void {
    const out = this.#facts[0].get(node.output)?.shape?.length ?? 0;
    if (!isRows(state)) throw refuse(node, 'mixes rows');
    node.inputs.forEach((v) => {
      if (!v) return;
      const shape = staticShape(this.#facts[1].get(v)?.shape) ?? [];
      const given = this.#states.get(v);
      const own = state.axis - (out - shape.length);
      const fits = isRows(given) ? given.axis === own && given.block === state.block : own < 0 || shape[own] === 1;
      if (!fits) throw refuse(node, `joins rows with what lies along them: "${v.anyName}" is [${shape.join(',')}] for two rows`);
    });
  }

  #result(node: Node): void {
    const value = node.input(0);
    const state = this.#states.get(value) ?? 'same';
    if (state === 'size') throw refuse(node, 'gives sizes, which are those of the batch');
    if (!isRows(state) || (state.axis === 0 && state.block > 0)) return;
    const put = this.#put.get(value) ?? node;
    throw refuse(put, `puts rows along dimension ${state.axis} of output "${node.output.anyName}": the batch must be the first`);
  }

  /** Length of one row along the first dimension; undefined for what has no rows. */
  blockOf(value: Value): number | undefined {
    const state = this.#states.get(value);
    return isRows(state) ? state.block : undefined;
  }

  #set(node: Node, state: State): void {
    for (const v of node.outputs) this.#states.set(v, state);
  }
  #keep(value: Value, state: State, node: Node): void {
    this.#states.set(value, state);
    if (!isRows(state)) return;
    const before = node.inputs.find((v) => v && isRows(this.#states.get(v)));
    const was = before && (this.#states.get(before) as Rows);
    const moved = !was || was.axis !== state.axis || was.block !== state.block;
    this.#put.set(value, moved ? node : (this.#put.get(before as Value) ?? node));
  }

  /** A node that takes no second row: blames the one that put rows where they do not belong. */
  misfit(node: Node, error: unknown): CuveeError {
    const text = error instanceof CuveeError ? error.text : String(error);
    const rows = node.inputs.find((v) => {
      const state = v && this.#states.get(v);
      return isRows(state) && (state.axis !== 0 || state.block !== 1);
    });
    const put = rows && this.#put.get(rows);
    if (put) return refuse(put, `puts rows where later operations take only one: ${text}`);
    return refuse(node, `takes only one row: ${text}`);
  }
}
