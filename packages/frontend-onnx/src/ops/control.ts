/** Branches and loops: their bodies become models of their own, or, where the choice is known, part of the graph. */
import { Value, type Builder, type Model, type PortMapping } from '@cuvee/core';
import { axisOf, dimOf, i64, numberOf, rankOf, scalarOf } from '../build.js';
import { Growing, madeAlike, remade, tensorsOf, type OnnxNode, type OnnxOp, type Operand } from '../node.js';
import { continued } from '../parts.js';
import type { GraphProto, ValueInfoProto } from '../proto/index.js';
import { elementTypeOf } from '../types.js';

/** Results of a body, all tensors. */
function tensors(node: Pick<OnnxNode, 'unsupported'>, operands: readonly Operand[], what: string): readonly Value[] {
  return operands.map((operand) => {
    if (!(operand instanceof Value)) throw node.unsupported(`${what} gives a sequence or an optional`);
    return operand;
  });
}

/** A condition that is known leaves one branch. */
export const If: OnnxOp = (node) => {
  const [then, other] = [branchOf(node, 'then_branch'), branchOf(node, 'else_branch')];
  const known = numberOf(node.inputs[0]);
  return known === undefined ? chosenAtRun(node, then, other) : node.inline(known === 0 ? other : then, []);
};

/** The body of a branch. Throws MODEL_INVALID when it has inputs, or not the node's number of outputs. */
function branchOf(node: OnnxNode, name: string): GraphProto {
  const branch = node.attr.graph(name);
  if (branch.input.length > 0) throw node.invalid(`the branch "${branch.name ?? ''}" has inputs`);
  if (branch.output.length !== node.outputs)
    throw node.invalid(`the branch "${branch.name ?? ''}" has ${branch.output.length} outputs, the node ${node.outputs}`);
  return branch;
}

function chosenAtRun(node: OnnxNode, thenGraph: GraphProto, elseGraph: GraphProto): readonly Operand[] {
  const outer: Value[] = [];
  const then = translated(node, thenGraph, outer);
  const other = translated(node, elseGraph, outer);
  if (then.made.some((operand, i) => !madeAlike(operand, other.made[i] as Operand)))
    throw node.unsupported('branches that give sequences of different lengths, or an optional that holds something in one of them only');
  const values = node.g.if(scalarOf(node.g, node.inputs[0]), outer, {
    then_body: then.model,
    then_inputs: then.inputs,
    then_outputs: then.outputs,
    else_body: other.model,
    else_inputs: other.inputs,
    else_outputs: other.outputs,
  });
  let at = 0;
  return then.made.map((operand) => remade(operand, () => values[at++] as Value));
}

/** A branch as a model of its own; what it reads of the outside is added to `outer`. */
function translated(node: OnnxNode, graph: GraphProto, outer: Value[]): Branch {
  const body = node.body(graph);
  const made = body.run([]);
  const results = made.flatMap(tensorsOf);
  const model = body.model([], results);
  const inputs = [...body.captures.keys()].map((value, internal): PortMapping => {
    if (!outer.includes(value)) outer.push(value);
    return { external: outer.indexOf(value) + 1, internal };
  });
  return { made, model, inputs, outputs: results.map((_, i): PortMapping => ({ external: i, internal: i })) };
}

interface Branch {
  readonly made: readonly Operand[];
  readonly model: Model;
  readonly inputs: readonly PortMapping[];
  readonly outputs: readonly PortMapping[];
}

/**
 * A parameter for a value that changes from turn to turn: dimensions that the body declares and the first value has are
 * kept, the others are open, so that nothing in the body is decided by the first turn's sizes.
 */
function carriedParameter(g: Builder, first: Value, declared: ValueInfoProto | undefined): Value {
  const { type, shape } = first.fact;
  const info = declared?.type?.tensorType;
  const dims = info?.shape?.dim.map(({ dimValue }) => (dimValue === undefined ? undefined : Number(dimValue)));
  const element = type === 'dynamic' && info?.elemType ? elementTypeOf(info.elemType, 'a body input') : type;
  if (!shape || (dims && dims.length !== shape.length)) return g.parameter(element, '...', declared?.name);
  return g.parameter(
    element,
    shape.map((d, i) => (typeof d === 'number' && dims?.[i] === d ? d : '?')),
    declared?.name,
  );
}

const forwards = { start: 0, end: -1, stride: 1, partSize: 1 } as const;
const backwards = { start: -1, end: 0, stride: -1, partSize: 1 } as const;

/** Body inputs: turn, condition, carried values. Body outputs: condition, carried values, one part of each collected output. */
export const Loop: OnnxOp<0> = (node) => {
  const graph = node.attr.graph('body');
  const carried = node.operands.slice(2) as readonly Operand[];
  const count = carried.length;
  if (graph.input.length !== count + 2) throw node.invalid(`the body takes ${graph.input.length} inputs, expected ${count + 2}`);
  if (graph.output.length !== 1 + node.outputs) throw node.invalid(`the body has ${graph.output.length} outputs, the node ${node.outputs}`);
  const turns = node.inputs[0] && numberOf(node.inputs[0]);
  const structured = carried.some((operand) => !(operand instanceof Value));
  return structured && turns !== undefined ? unrolled(node, graph, carried, turns) : looped(node, graph, carried);
};

/** Sequences may be carried, too, if each turn appends one tensor, all of one shape: that is collected. */
function looped(node: OnnxNode<0>, graph: GraphProto, initial: readonly Operand[]): readonly Operand[] {
  const { g, inputs } = node;
  const isState = initial.map((operand) => operand instanceof Value);
  const carried = initial.filter((operand) => operand instanceof Value);
  const count = carried.length;
  const body = node.body(graph);
  const flat = (info: ValueInfoProto | undefined): string => (info?.type?.tensorType?.shape?.dim.length === 1 ? '[1]' : '[]');
  const turn = body.g.parameter('i64', flat(graph.input[0]), graph.input[0]?.name);
  const condition = body.g.parameter('boolean', flat(graph.input[1]), graph.input[1]?.name);
  const bound = initial.map((operand, i) =>
    operand instanceof Value ? carriedParameter(body.g, operand, graph.input[i + 2]) : new Growing(),
  );
  const state = bound.filter((operand) => operand instanceof Value);
  const [going, ...made] = body.run([turn, condition, ...bound]);
  const next = made.map((operand, i) => (bound[i] instanceof Growing ? appendedTo(node, bound[i], operand) : operand));
  const ordered = [
    going as Operand,
    ...next.filter((_, i) => isState[i]),
    ...next.filter((_, i) => isState[i] === false),
    ...next.slice(isState.length),
  ];
  const [goes, ...rest] = tensors(node, ordered, 'the body') as [Value, ...Value[]];
  const collected = rest.slice(count).map((value) => body.g.unsqueeze(value, body.g.ints([0])));
  const model = body.model([turn, condition, ...state], [scalarOf(body.g, goes), ...rest.slice(0, count), ...collected]);
  const limit = inputs[0] ? tripCount(g, inputs[0]) : i64(g, -1);
  const start = inputs[1] ? scalarOf(g, inputs[1]) : g.constant('boolean', [], [true]);
  const first = 2,
    captured = [...body.captures.keys()];
  const rows: PortMapping[] = [
    { external: -1, internal: 0, purpose: 'current_iteration' },
    { external: 1, internal: 1, backEdge: 0 },
    ...carried.map((_, i): PortMapping => ({ external: first + i, internal: 2 + i, backEdge: 1 + i })),
    ...captured.map((_, i): PortMapping => ({ external: first + count + i, internal: 2 + count + i })),
  ];
  const outputs: PortMapping[] = [
    { external: -1, internal: 0, purpose: 'execution_condition' },
    ...carried.map((_, i): PortMapping => ({ external: i, internal: 1 + i })),
    ...collected.map((_, i): PortMapping => ({ external: count + i, internal: 1 + count + i, axis: 0, ...forwards })),
  ];
  const values = g.loop(limit, start, [...carried, ...captured], { body: model, inputs: rows, outputs });
  const [states, stacks] = [values.slice(0, count), values.slice(count)];
  const last = initial.map((operand) => (operand instanceof Value ? states.shift() : continued(node, operand, stacks.shift() as Value)));
  return [...(last as Operand[]), ...stacks];
}

/** The tensor that a turn appended to a sequence. Throws MODEL_UNSUPPORTED for anything else. */
function appendedTo(node: OnnxNode<0>, before: Growing, after: Operand): Operand {
  const [item] = after instanceof Growing && after.origin === before ? after.added : [];
  if (!item || (after as Growing).added.length !== 1)
    throw node.unsupported(
      'a loop over sequences whose number of turns only the run tells, and that does more than append one tensor each',
    );
  return item;
}

/** Most turns of a loop that are written out. */
const mostTurns = 4096;

/** Turns written out one after the other, which carrying sequences needs: their number must be known. */
function unrolled(node: OnnxNode<0>, graph: GraphProto, initial: readonly Operand[], limit: number): readonly Operand[] {
  const { g, inputs } = node;
  if (limit > mostTurns) throw node.unsupported(`a loop over sequences of ${limit} turns`);
  let carried = initial;
  let goes = inputs[1] ?? g.constant('boolean', [], [true]);
  const collected: Value[][] = Array.from({ length: graph.output.length - 1 - carried.length }, () => []);
  for (let turn = 0; turn < limit; turn++) {
    const known = numberOf(goes);
    if (known === undefined) throw node.unsupported('a loop over sequences with a condition that only the run tells');
    if (known === 0) break;
    const results = node.inline(graph, [i64(g, turn), goes, ...carried]);
    const [next] = tensors(node, results.slice(0, 1), 'the condition');
    goes = next as Value;
    carried = results.slice(1, 1 + carried.length);
    tensors(node, results.slice(1 + carried.length), 'a collected output').forEach((value, i) => void collected[i]?.push(value));
  }
  const stacked = collected.map((parts) => {
    if (parts.length === 0) throw node.unsupported('a loop over sequences without turns collects nothing');
    return g.concat(
      parts.map((part) => g.unsqueeze(part, g.ints([0]))),
      { axis: 0 },
    );
  });
  return [...carried, ...stacked];
}

/** A negative count means no turn in ONNX, no end in the room. */
function tripCount(g: Builder, value: Value): Value {
  const scalar = scalarOf(g, value),
    known = numberOf(value);
  if (known !== undefined) return known >= 0 ? scalar : i64(g, 0);
  return g.maximum(scalar, i64(g, 0));
}

/** Carried states, then inputs read part by part; the outputs are the last states and the collected parts. Scan-8 has a batch axis in front. */
export const Scan: OnnxOp<0> = (node) => {
  const { g, inputs, attr, version } = node;
  const graph = attr.graph('body');
  if (version >= 9) return scanned(node, graph, inputs as readonly Value[]);
  const [lengths, ...rest] = inputs;
  if (lengths) throw node.unsupported('sequence lengths');
  const batched = rest as readonly Value[];
  if (batched.some((value) => dimOf(value, 0) !== 1)) throw node.unsupported('a batch other than 1');
  return scanned(
    node,
    graph,
    batched.map((value) => g.squeeze(value, g.ints([0]))),
  ).map((value) => g.unsqueeze(value, g.ints([0])));
};

function scanned(node: OnnxNode<0>, graph: GraphProto, operands: readonly Value[]): readonly Value[] {
  const { g, attr, version } = node;
  const parts = attr.int('num_scan_inputs');
  const states = operands.length - parts;
  if (parts < 1 || states < 0 || graph.input.length !== operands.length)
    throw node.invalid(`${operands.length} inputs, of which ${parts} are read part by part, do not fit a body with ${graph.input.length}`);
  if (graph.output.length !== node.outputs || graph.output.length < states)
    throw node.invalid(`the body has ${graph.output.length} outputs, the node ${node.outputs}`);
  const collectedCount = node.outputs - states;
  const list = (name: string, count: number): readonly number[] => {
    const given = attr.ints(name, new Array<number>(count).fill(0));
    if (given.length !== count) throw node.invalid(`attribute "${name}" has ${given.length} entries, expected ${count}`);
    return given;
  };
  const inputAxes = list('scan_input_axes', parts),
    inputDirections = list(version < 9 ? 'directions' : 'scan_input_directions', parts);
  const outputAxes = list('scan_output_axes', collectedCount),
    outputDirections = list('scan_output_directions', collectedCount);
  const body = node.body(graph);
  const initial = operands.slice(0, states),
    read = operands.slice(states);
  const state = initial.map((value, i) => carriedParameter(body.g, value, graph.input[i]));
  const axes = read.map((value, i) => axisOf(node, inputAxes[i] as number, rankOf(node, value)));
  const slices = read.map((value, i) =>
    body.g.parameter(
      value.fact.type,
      (value.fact.shape ?? []).map((d, axis) => (axis === axes[i] ? 1 : typeof d === 'number' ? d : '?')),
      graph.input[states + i]?.name,
    ),
  );
  const elements = slices.map((value, i) => body.g.squeeze(value, body.g.ints([axes[i] as number])));
  const results = tensors(node, body.run([...state, ...elements]), 'the body');
  const collected = results.slice(states).map((value, i) => {
    const rank = rankOf(node, value) + 1;
    return { axis: axisOf(node, outputAxes[i] as number, rank), value };
  });
  const model = body.model(
    [...state, ...slices],
    [...results.slice(0, states), ...collected.map(({ axis, value }) => body.g.unsqueeze(value, body.g.ints([axis])))],
  );
  const captured = [...body.captures.keys()];
  const rows: PortMapping[] = [
    ...initial.map((_, i): PortMapping => ({ external: i, internal: i, backEdge: i })),
    ...read.map(
      (_, i): PortMapping => ({
        external: states + i,
        internal: states + i,
        axis: axes[i] as number,
        ...(inputDirections[i] ? backwards : forwards),
      }),
    ),
    ...captured.map((_, i): PortMapping => ({ external: operands.length + i, internal: operands.length + i })),
  ];
  const outputs: PortMapping[] = [
    ...initial.map((_, i): PortMapping => ({ external: i, internal: i })),
    ...collected.map(
      ({ axis }, i): PortMapping => ({ external: states + i, internal: states + i, axis, ...(outputDirections[i] ? backwards : forwards) }),
    ),
  ];
  return g.tensorIterator([...operands, ...captured], { body: model, inputs: rows, outputs });
}
