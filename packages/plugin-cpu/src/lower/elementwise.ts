/** @file Elementwise operations and programs → family `eltwise`. */
import type { Dim, Node, Value } from '@cuvee/core';
import type { DraftArg } from '../compile/draft.js';
import type { Lowering, LoweringContext, LoweringTable } from '../compile/lowering.js';
import {
  computeType,
  elementwiseOps,
  opcodes,
  programOf,
  readProgram,
  type ComputeType,
  type Instruction,
  type NodeProgram,
} from '../ops/elementwise.js';
import type { Step, TensorId } from '../plan/plan.js';
import { names } from '../ops/names.js';

/** The compute type of a node: that of its inputs, the widest where booleans are among them. */
function typeOf(node: Node): string | undefined {
  let widest: ComputeType | undefined = computeType(node.output.fact.type);
  let floats = false;
  let wideIntegers = false;
  for (let i = -1; i < node.inputs.length; i++) {
    const v = i < 0 ? node.output : node.inputs[i];
    if (!v) continue;
    const type = computeType(v.fact.type);
    if (type === undefined || widest === undefined) return undefined;
    floats ||= type === 'f32' || type === 'f64';
    wideIntegers ||= type === 'i64' || type === 'u64';
    if (byWidth.indexOf(type) < byWidth.indexOf(widest)) widest = type;
  }
  // Only booleans may be mixed with another type.
  return floats && wideIntegers ? undefined : widest;
}
const byWidth: readonly ComputeType[] = ['u64', 'i64', 'f64', 'f32', 'i32'];

/** `aligned`: dimensions under which input 1 broadcasts, where they are not its own. */
function lower(c: LoweringContext, program: readonly Instruction[], reads: number, aligned?: readonly Dim[]): void {
  const { node } = c;
  const action = typeOf(node) as string;
  const values = node.inputs.slice(0, reads) as Value[];
  const blocked = action === 'f32' && blockable(c, aligned ? values.slice(0, 1) : values, node.output);
  const inputs = values.map((v, i) => {
    if (aligned && i === 1) return blocked ? c.reorder(c.viewAs(c.tensor(v), rank4(aligned)), 'blocked') : c.viewAs(c.tensor(v), aligned);
    return blocked ? blockedOperand(c, v) : c.tensor(v);
  });
  const args: DraftArg[] = program.flatMap(({ opcode, a, b, c: third, p, q }, k): DraftArg[] => {
    const packed = opcodes.indexOf(opcode) | ((values.length + k) << 8) | ((a & 255) << 16) | ((b & 255) << 24);
    return [BigInt(packed >>> 0) | (BigInt(third & 255) << 32n), { float: p }, { float: q }];
  });
  c.emit('eltwise', action, inputs, [c.output(0, blocked ? 'blocked' : 'plain')], args);
}

/** The operations of a program that has several, in their order: `mul, add, sigmoid`. */
export const toldProgram = ({ args }: Step): string =>
  args.length > 3
    ? args.flatMap((arg, i) => (i % 3 === 0 && 'int' in arg ? [opcodes[Number(BigInt(arg.int) & 255n)] ?? ''] : [])).join(', ')
    : '';

const rank4 = (shape: readonly Dim[]): readonly Dim[] => [...new Array<Dim>(4 - shape.length).fill(1), ...shape];
const isScalar = (v: Value): boolean => v.fact.shape?.every((d) => d === 1) === true;

/** Whether the whole program can run on blocked tensors: one input is blocked already, and all others are f32 with the same channels, or scalars. */
function blockable(c: LoweringContext, values: readonly Value[], output: Value): boolean {
  const out = output.fact.shape;
  if (out?.length !== 4 || output.fact.type !== 'f32' || !values.some((v) => c.layoutOf(v) === 'blocked' && v.fact.shape?.length === 4))
    return false;
  return values.every(
    (v) =>
      v.fact.type === 'f32' && v.fact.shape !== undefined && v.fact.shape.length <= 4 && (isScalar(v) || rank4(v.fact.shape)[1] === out[1]),
  );
}

function blockedOperand(c: LoweringContext, v: Value): TensorId {
  if (isScalar(v) && c.layoutOf(v) === 'plain') return c.tensor(v);
  return v.fact.shape?.length === 4 ? c.tensor(v, 'blocked') : c.reorder(c.viewAs(c.tensor(v), rank4(v.fact.shape ?? [])), 'blocked');
}

const single: Lowering = {
  refuse(node) {
    const program = programOf(node);
    if (typeof program === 'string') return program;
    return typeOf(node) ? undefined : `element type ${node.inputs[0]?.fact.type}`;
  },
  lower(c) {
    const { program, reads, aligned } = programOf(c.node) as NodeProgram;
    lower(c, program, reads, aligned);
  },
};

/** Types that are only read and written by conversions. */
const narrow = new Set<string>(['f8e4m3', 'f8e5m2', 'f8e8m0', 'f4e2m1', 'nf4', 'f8e4m3fnuz', 'f8e5m2fnuz', 'u1', 'u2', 'u4', 'i2', 'i4']);

const converting: Lowering = {
  refuse(node) {
    const wrong = [node.input(0), node.output].find((v) => computeType(v.fact.type) === undefined && !narrow.has(v.fact.type));
    return wrong && `element type ${wrong.fact.type}`;
  },
  lower: (c) => c.emit('convert', '', [c.input(0)], [c.output()]),
};

export const elementwise: LoweringTable = {
  [names.conversion]: converting,
  ...Object.fromEntries(elementwiseOps.map((name) => [name, single])),
  Elementwise: { lower: (c) => lower(c, readProgram(c.node.attributes.program as readonly string[]), c.node.inputs.length) },
};
