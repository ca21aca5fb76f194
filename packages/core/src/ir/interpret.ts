/** @file Runs nodes and models on arrays by the rooms' `evaluate`: what constant folding, bodies and the reference device share. */
import { CuveeError } from '../errors.js';
import { atOnce, type Steps } from '../runtime/steps.js';
import { decode, encode } from '../tensor/convert.js';
import type { NdArray } from '../tensor/nd.js';
import type { Fact } from './fact.js';
import type { Model } from './model.js';
import type { Node, Value } from './node.js';

/** What a run carries along: states, and a hook. */
export interface Interpretation {
  /** States by variable id. A model reads those from before its run; what it assigns is put here when it has run. */
  readonly variables?: Map<string, NdArray>;
  /** Called instead of each node's work, bodies included, and does it by `work`: for time, trace and cancelling. */
  readonly around?: (node: Node, work: () => readonly NdArray[]) => readonly NdArray[];
}

/** What `evaluate` may ask beside its inputs. */
export interface EvaluateContext {
  readonly node: Node;
  /** The facts of the node's outputs: types always, shapes as far as they are known. */
  readonly outputs: readonly Fact[];
  /** Runs a body on the values of its parameters. */
  readonly run: (body: Model, inputs: readonly NdArray[]) => readonly NdArray[];
  /** A variable's value from before this run; undefined while it has none. */
  readonly read: (variable: string) => NdArray | undefined;
  /** Gives a variable the value that it has after this run. */
  readonly assign: (variable: string, value: NdArray) => void;
}

/** Runs one node's `evaluate`. Whatever it throws names the node. */
export function evaluateNode(
  node: Node,
  inputs: readonly (NdArray | undefined)[],
  outputs: readonly Fact[] = node.outputs.map((v) => v.fact),
  interpretation: Interpretation = {},
  assigned: Map<string, NdArray> = new Map(),
): readonly NdArray[] {
  const { op } = node;
  if (!op.evaluate)
    throw new CuveeError('NOT_IMPLEMENTED', `${op.name} "${node.name}" has no reference evaluation`, { op: op.name, node: node.name });
  try {
    return op.evaluate(inputs, node.attributes, {
      node,
      outputs,
      run: (body, given) => interpret(body, given, interpretation),
      read: (variable) => interpretation.variables?.get(variable),
      assign: (variable, value) => {
        assigned.set(variable, value);
      },
    });
  } catch (error) {
    if (error instanceof CuveeError && error.node !== undefined) throw error;
    throw CuveeError.wrap(`${op.name} "${node.name}"`, error, 'INTERNAL', { op: op.name, node: node.name });
  }
}

/**
 * Runs a model node by node. Inputs in the order of its parameters, results in the order of its results; every value is rounded to
 * its element type before the next node reads it, and forgotten after its last reader.
 */
export const interpret = (model: Model, inputs: readonly NdArray[], interpretation: Interpretation = {}): readonly NdArray[] =>
  atOnce(interpreting(model, inputs, interpretation));

/** The same in steps, one for each node; a body runs within its node's step. */
export function* interpreting(model: Model, inputs: readonly NdArray[], interpretation: Interpretation = {}): Steps<readonly NdArray[]> {
  if (inputs.length !== model.parameters.length)
    throw new CuveeError('ARGUMENT_INVALID', `"${model.name}" takes ${model.parameters.length} inputs, ${inputs.length} given`);
  const order = model.nodes();
  const readers = new Map<Value, number>();
  for (const node of order) for (const v of node.inputs) if (v) readers.set(v, (readers.get(v) ?? 0) + 1);
  const values = new Map<Value, NdArray>();
  const assigned = new Map<string, NdArray>();
  model.inputs.forEach((v, i) => values.set(v, inputs[i] as NdArray));
  const results = new Map<Node, NdArray>();
  for (const node of order) {
    if (node.op.name === 'Parameter') continue;
    yield;
    const given = node.inputs.map((v) => v && values.get(v));
    const work = (): readonly NdArray[] => evaluateNode(node, given, undefined, interpretation, assigned);
    const outputs = interpretation.around ? interpretation.around(node, work) : work();
    if (outputs.length !== node.outputs.length)
      throw new CuveeError('INTERNAL', `${node.op.name} "${node.name}" gave ${outputs.length} outputs, expected ${node.outputs.length}`, {
        op: node.op.name,
        node: node.name,
      });
    if (node.op.name === 'Result') results.set(node, outputs[0] as NdArray);
    node.outputs.forEach((v, i) => {
      if (readers.has(v)) values.set(v, rounded(outputs[i] as NdArray));
    });
    for (const v of node.inputs) {
      if (!v) continue;
      const left = (readers.get(v) as number) - 1;
      readers.set(v, left);
      if (left === 0) values.delete(v);
    }
  }
  for (const [id, value] of assigned) interpretation.variables?.set(id, value);
  return model.results.map((r) => results.get(r) as NdArray);
}

/** The array with each element as its type can hold it. */
const rounded = (a: NdArray): NdArray => ({ ...a, data: decode(a.type, encode(a.type, a.data, a.data.length), a.data.length) });
