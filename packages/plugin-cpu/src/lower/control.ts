/** @file Operations with bodies → families `loop` and `if`, whose arguments native/kernels/control/control.h lists. */
import type { Model, Node, PortMapping, Value } from '@cuvee/core';
import { standalone } from '../compile/body.js';
import type { Lowering, LoweringContext, LoweringTable } from '../compile/lowering.js';
import type { TensorId } from '../plan/plan.js';
import { names } from '../ops/names.js';

interface Ports {
  readonly body: Model;
  readonly inputs: readonly PortMapping[];
  readonly outputs: readonly PortMapping[];
}

const byExternal = (rows: readonly PortMapping[]): readonly PortMapping[] =>
  rows.filter((r) => r.external >= 0).sort((a, b) => a.external - b.external);
const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Why a body's result is no output of its node. */
function misfit(result: Node | undefined, output: Value | undefined): string | undefined {
  const a = result?.output.fact;
  const b = output?.fact;
  return a && b && a.type === b.type && a.shape?.length === b.shape?.length
    ? undefined
    : 'a result of its body has another type or rank than its output';
}

/** The row that feeds each parameter of a body. */
const feeders = (count: number, rows: readonly PortMapping[]): (PortMapping | undefined)[] =>
  Array.from({ length: count }, (_, i) =>
    rows.filter((r) => r.internal === i && (r.external >= 0 || r.purpose === 'current_iteration')).at(-1),
  );

/**
 * First and last place of a sliced input. The port map counts edges between places (-1 is the one behind the last), the kernel places.
 * Undefined where nothing is left between them, or parts lie apart.
 */
function places({
  start = 0,
  end = -1,
  stride = 1,
  partSize = 1,
}: PortMapping): { start: number; end: number; stride: number } | undefined {
  if (Math.abs(stride) !== partSize) return undefined;
  const [low, high] = stride > 0 ? [start, end] : [end, start];
  // The edge behind the last place begins nothing, the first one ends nothing.
  if (low === -1 || high === 0) return undefined;
  const first = low < 0 ? low + 1 : low;
  const last = high < 0 ? high : high - 1;
  return stride > 0 ? { start: first, end: last, stride } : { start: last, end: first, stride };
}

function inputRow(row: PortMapping, value: Value | undefined): number[] | string {
  if (row.purpose === 'current_iteration') return [3, -1, -1, 0, 0, 0, 0];
  if (row.backEdge !== undefined) return [1, row.external, row.backEdge, 0, 0, 0, 0];
  if (row.axis === undefined) return [0, row.external, -1, 0, 0, 0, 0];
  const at = places(row);
  if (!at) return 'parts that overlap or lie apart';
  return [2, row.external, -1, axisOf(row.axis, value?.fact.shape?.length ?? 0), at.start, at.end, at.stride];
}

/** Numbers for the kernel, or why there are none. */
function loopOf(node: Node): { readonly args: number[]; readonly body: Model } | string {
  const it = node.attributes as unknown as Ports;
  const body = standalone(it.body);
  if (typeof body === 'string') return body;
  const args = [body.parameters.length, it.outputs.find((r) => r.purpose === 'execution_condition')?.internal ?? -1];
  for (const [i, row] of feeders(body.parameters.length, it.inputs).entries()) {
    if (!row) return `nothing feeds its body's input "${body.parameters[i]?.name}"`;
    const type = body.parameters[i]?.output.fact.type;
    if (row.purpose === 'current_iteration' && type !== 'i32' && type !== 'i64') return `a number of the turn of type ${type}`;
    const numbers = inputRow(row, node.inputs[row.external]);
    if (typeof numbers === 'string') return numbers;
    args.push(...numbers);
  }
  const outputs = byExternal(it.outputs);
  if (outputs.length !== node.outputs.length) return 'outputs that no result of its body gives';
  for (const [i, row] of outputs.entries()) {
    const wrong = misfit(body.results[row.internal], node.outputs[i]);
    if (wrong) return wrong;
    args.push(
      row.axis === undefined ? 0 : 1,
      row.internal,
      axisOf(row.axis ?? 0, node.outputs[i]?.fact.shape?.length ?? 0),
      row.stride ?? 1,
    );
  }
  return { args, body };
}

/** A count or condition in a type that the kernels read. */
function readable(c: LoweringContext, i: number, type: 'boolean' | 'i64'): TensorId {
  const id = c.input(i) as TensorId;
  const { fact } = c.node.input(i);
  if (['boolean', 'i8', 'u8', 'i32', 'i64'].includes(fact.type)) return id;
  const to = c.temporary(type, fact.shape ?? []);
  c.emit('convert', '', [id], [to]);
  return to;
}

const looping = (counted: boolean): Lowering => ({
  opens: true,
  refuse(node) {
    const loop = loopOf(node);
    return typeof loop === 'string' ? loop : undefined;
  },
  lower(c) {
    const { args, body } = loopOf(c.node) as Exclude<ReturnType<typeof loopOf>, string>;
    const fixed = counted ? [readable(c, 0, 'i64'), readable(c, 1, 'boolean')] : [-1, -1];
    c.emit('loop', '', [...fixed, ...c.inputs()], c.outputs(), args, [c.compileBody(body)]);
  },
});

/** Both branches: their bodies, and which inputs of the node they take. */
function branchesOf(node: Node): readonly { readonly body: Model; readonly inputs: readonly number[] }[] | string {
  const made = [];
  for (const which of ['then', 'else']) {
    const attribute = (name: string): unknown => node.attributes[`${which}_${name}`];
    const outputs = byExternal(attribute('outputs') as readonly PortMapping[]);
    const body = standalone(
      attribute('body') as Model,
      outputs.map((r) => r.internal),
    );
    if (typeof body === 'string') return body;
    const wrong = node.outputs.map((v, i) => misfit(body.results[i], v)).find((reason) => reason !== undefined);
    if (wrong !== undefined || outputs.length !== node.outputs.length) return wrong ?? 'outputs that no result of its body gives';
    const rows = feeders(body.parameters.length, attribute('inputs') as readonly PortMapping[]);
    if (rows.some((r) => r === undefined)) return 'nothing feeds an input of its body';
    made.push({ body, inputs: rows.map((r) => (r as PortMapping).external) });
  }
  return made;
}

const choosing: Lowering = {
  opens: true,
  refuse(node) {
    const branches = branchesOf(node);
    return typeof branches === 'string' ? branches : undefined;
  },
  lower(c) {
    const branches = branchesOf(c.node) as Exclude<ReturnType<typeof branchesOf>, string>;
    const inputs = branches.flatMap((b) => b.inputs.map((i) => c.input(i)));
    c.emit(
      'if',
      '',
      [readable(c, 0, 'boolean'), ...inputs],
      c.outputs(),
      [branches[0]?.inputs.length ?? 0],
      branches.map((b) => c.compileBody(b.body)),
    );
  },
};

export const control: LoweringTable = { Loop: looping(true), TensorIterator: looping(false), [names.choice]: choosing };
