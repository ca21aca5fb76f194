/** @file One operation tried on two rows at once, and on each alone. */
import {
  emptyElements,
  evaluateNode,
  Literal,
  sizeOf,
  staticShape,
  stridesOf,
  type Fact,
  type NdArray,
  type Node,
  type Value,
} from '@cuvee/core';
import type { Rows } from './rows.js';

type Facts = ReadonlyMap<Value, Fact>;

/** What is tried: a node, and where the rows of its inputs and outputs lie. */
export class Trial {
  readonly node: Node;
  readonly inputs: readonly (Rows | undefined)[];
  readonly outputs: readonly (Rows | undefined)[];
  /** Two rows for each input that has rows; what every run gets for the others. */
  readonly #data = new Map<Value, readonly NdArray[]>();

  constructor(node: Node, inputs: Trial['inputs'], outputs: Trial['outputs']) {
    this.node = node;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** Outputs for each of the two rows alone. */
  alone(facts: Facts): readonly (readonly NdArray[] | string)[] {
    return [0, 1].map((row) => this.#run(facts, (v, i) => this.#given(v, i, facts)[row] as NdArray));
  }

  /** Outputs for both rows at once. */
  together(facts: Facts): readonly NdArray[] | string {
    return this.#run(facts, (v, i) => {
      const [first, second] = this.#given(v, i, facts) as [NdArray, NdArray];
      const rows = this.inputs[i];
      return rows ? joined(first, second, rows.axis) : first;
    });
  }

  #run(facts: Facts, value: (v: Value, i: number) => NdArray): readonly NdArray[] | string {
    try {
      return evaluateNode(
        this.node,
        this.node.inputs.map((v, i) => v && value(v, i)),
        this.node.outputs.map((v) => facts.get(v) as Fact),
      );
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #given(v: Value, i: number, facts: Facts): readonly NdArray[] {
    const fact = facts.get(v) as Fact;
    const literal = knownOf(fact);
    // What follows from sizes differs from batch to batch.
    if (literal && !this.inputs[i]) return [literal, literal];
    const made = this.#data.get(v) ?? [1, 2].map((seed) => random(fact, seed + 7 * i));
    this.#data.set(v, made);
    return this.inputs[i] ? made : [made[0] as NdArray, made[0] as NdArray];
  }
}

/** What is wrong with what both rows gave together; undefined when it is what each gave alone. */
export function agree(trial: Trial, alone: readonly (readonly NdArray[] | string)[], facts: Facts): string | undefined {
  const both = trial.together(facts);
  const failed = [both, ...alone].find((x) => typeof x === 'string');
  if (failed !== undefined) return `cannot be tried with two rows: ${failed as string}`;
  const [first, second] = alone as readonly (readonly NdArray[])[];
  const same = (both as readonly NdArray[]).every((got, i) => {
    if (trial.node.outputs[i]?.users.size === 0) return true; // nobody reads it
    const rows = trial.outputs[i];
    const [a, b] = [first?.[i], second?.[i]] as [NdArray, NdArray];
    return rows ? equal(got, joined(a, b, rows.axis)) : equal(got, a) && equal(got, b);
  });
  return same ? undefined : 'mixes rows: what it gives for two is not what it gives for each';
}

function knownOf(fact: Fact): NdArray | undefined {
  if (fact.value) return fact.value.nd();
  const shape = staticShape(fact.shape);
  const known = shape && fact.elements?.every((e) => typeof e === 'number' || typeof e === 'boolean');
  return known ? Literal.from(fact.type, shape, fact.elements as number[]).nd() : undefined;
}

/** Numbers that any operation takes: fractions for floats, 0 and 1 for what may be an index. */
function random(fact: Fact, seed: number): NdArray {
  const shape = staticShape(fact.shape) ?? [];
  const data = emptyElements(fact.type, sizeOf(shape)) as unknown as unknown[];
  const whole = !/^(f|bf)/.test(fact.type);
  const as = fact.type === 'string' ? String : /^[iu]64$/.test(fact.type) ? BigInt : (x: number): number => x;
  let state = seed * 2654435761;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const x = state / 4294967296;
    data[i] = as(whole ? Math.round(x) : x * 2 - 1);
  }
  return { type: fact.type, shape, data: data as unknown as NdArray['data'] };
}

/** Two arrays one after the other along a dimension. */
function joined(a: NdArray, b: NdArray, axis: number): NdArray {
  const shape = a.shape.map((n, i) => (i === axis ? n + (b.shape[i] ?? 0) : n));
  const data = emptyElements(a.type, sizeOf(shape));
  const inner = stridesOf(a.shape)[axis] ?? 1;
  const outer = a.shape.slice(0, axis).reduce((n, d) => n * d, 1);
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (const x of [a, b]) {
      const run = inner * (x.shape[axis] ?? 1);
      if (Array.isArray(data)) for (let i = 0; i < run; i++) data[at + i] = x.data[o * run + i] as string;
      else data.set((x.data as Float64Array).subarray(o * run, (o + 1) * run) as never, at);
      at += run;
    }
  return { type: a.type, shape, data: data as NdArray['data'] };
}

function equal(a: NdArray, b: NdArray): boolean {
  if (a.shape.join() !== b.shape.join() || a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i], b.data[i]];
    if (x === y || Object.is(x, y)) continue;
    // Sums over a row may be added up in another order.
    if (typeof x === 'number' && typeof y === 'number' && Math.abs(x - y) <= 1e-5 * (1 + Math.abs(y))) continue;
    return false;
  }
  return true;
}
