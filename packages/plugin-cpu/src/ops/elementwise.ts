/**
 * @file Elementwise programs: a chain of elementwise operations that runs in one pass over memory.
 *
 * A program is a list of instructions over registers: register i < inputs is input i (broadcast), the others are
 * temporaries in the order in which they are written; the last one is the result.
 */
import { numericOrBoolean, op, port, many, texts, elementType, type ElementType, type Node } from '@cuvee/core';
import { activations, type Activated } from './activation.js';

/** Opcodes, in the order of `native/kernels/eltwise/opcodes.inc`. */
export const opcodes = [
  'add',
  'sub',
  'mul',
  'div',
  'floor_mod',
  'mod',
  'pow',
  'max',
  'min',
  'squared_difference',
  'equal',
  'not_equal',
  'less',
  'less_equal',
  'greater',
  'greater_equal',
  'and',
  'or',
  'xor',
  'not',
  'bit_and',
  'bit_or',
  'bit_xor',
  'bit_not',
  'shift_left',
  'shift_right',
  'select',
  'abs',
  'neg',
  'sign',
  'floor',
  'ceil',
  'round_even',
  'round_away',
  'exp',
  'log',
  'sqrt',
  'erf',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'sigmoid',
  'relu',
  'clip',
  'elu',
  'prelu',
  'hard_sigmoid',
  'hard_swish',
  'silu',
  'gelu_erf',
  'gelu_tanh',
  'softplus',
  'mish',
  'softsign',
  'selu',
  'is_nan',
  'is_inf',
  'is_finite',
  'trunc_div',
  'floor_div',
  'copy',
] as const;
export type Opcode = (typeof opcodes)[number];

/** One instruction: operands are registers (-1: none), p and q immediates. */
export interface Instruction {
  readonly opcode: Opcode;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly p: number;
  readonly q: number;
}

/** An instruction over a node's inputs as registers 0, 1, 2, and how many inputs it reads. */
export interface NodeInstruction {
  readonly instruction: Instruction;
  readonly reads: number;
}
type Reading = (node: Node) => NodeInstruction | undefined;

const make = (opcode: Opcode, reads: number, p = 0, q = 0): NodeInstruction => ({
  instruction: { opcode, a: 0, b: reads > 1 ? 1 : -1, c: reads > 2 ? 2 : -1, p, q },
  reads,
});
/** The number that input `i` holds as a constant of one element. */
function scalar(node: Node, i: number): number | undefined {
  const literal = node.inputs[i]?.fact.value;
  return literal?.size === 1 ? Number(literal.nd().data[0]) : undefined;
}
/** Two constants as immediates. */
const immediates =
  (opcode: Opcode): Reading =>
  (node) => {
    const [p, q] = [scalar(node, 1), scalar(node, 2)];
    return p === undefined || q === undefined ? undefined : make(opcode, 1, p, q);
  };

const unary: Readonly<Record<string, Opcode>> = {
  Abs: 'abs',
  Negative: 'neg',
  Sign: 'sign',
  Floor: 'floor',
  Ceiling: 'ceil',
  Exp: 'exp',
  Log: 'log',
  Sqrt: 'sqrt',
  Erf: 'erf',
  Sin: 'sin',
  Cos: 'cos',
  Tan: 'tan',
  Asin: 'asin',
  Acos: 'acos',
  Atan: 'atan',
  Sinh: 'sinh',
  Cosh: 'cosh',
  Asinh: 'asinh',
  Acosh: 'acosh',
  Atanh: 'atanh',
  SoftSign: 'softsign',
  LogicalNot: 'not',
  IsNaN: 'is_nan',
  IsFinite: 'is_finite',
  Identity: 'copy',
};
const binary: Readonly<Record<string, Opcode>> = {
  Add: 'add',
  Subtract: 'sub',
  Multiply: 'mul',
  FloorMod: 'floor_mod',
  Mod: 'mod',
  Power: 'pow',
  Maximum: 'max',
  Minimum: 'min',
  SquaredDifference: 'squared_difference',
  Equal: 'equal',
  NotEqual: 'not_equal',
  Less: 'less',
  LessEqual: 'less_equal',
  Greater: 'greater',
  GreaterEqual: 'greater_equal',
  LogicalAnd: 'and',
  LogicalOr: 'or',
  LogicalXor: 'xor',
  BitwiseAnd: 'bit_and',
  BitwiseOr: 'bit_or',
  BitwiseXor: 'bit_xor',
  BitwiseLeftShift: 'shift_left',
  BitwiseRightShift: 'shift_right',
};
/** What a kernel may apply to its results, too. */
const activating: Readonly<Record<string, Reading>> = {
  Relu: () => make('relu', 1),
  Clamp: ({ attributes: a }) => make('clip', 1, a.min as number, a.max as number),
  HSwish: () => make('hard_swish', 1, 1 / 6, 0.5),
  HSigmoid: () => make('hard_sigmoid', 1, 1 / 6, 0.5),
  HardSigmoid: immediates('hard_sigmoid'),
  Sigmoid: () => make('sigmoid', 1),
  Tanh: () => make('tanh', 1),
  Elu: ({ attributes: a }) => make('elu', 1, a.alpha as number),
  Gelu: ({ attributes: a }) => make(a.approximation_mode === 'TANH' ? 'gelu_tanh' : 'gelu_erf', 1),
  Swish: (node) => {
    const beta = node.inputs.length > 1 ? scalar(node, 1) : 1;
    return beta === undefined ? undefined : make('silu', 1, beta);
  },
  PRelu: (node) => (preluBroadcasts(node) ? make('prelu', 2) : undefined),
  SoftPlus: () => make('softplus', 1),
  Mish: () => make('mish', 1),
};
const others: Readonly<Record<string, Reading>> = {
  Divide: (node) => make(isFloating(node) ? 'div' : node.attributes.m_pythondiv === false ? 'trunc_div' : 'floor_div', 2),
  BitwiseNot: (node) => make(node.output.fact.type === 'boolean' ? 'not' : 'bit_not', 1),
  Select: () => make('select', 3),
  Round: ({ attributes: a }) => make(a.mode === 'half_away_from_zero' ? 'round_away' : 'round_even', 1),
  IsInf: ({ attributes: a }) => make('is_inf', 1, a.detect_negative ? 1 : 0, a.detect_positive ? 1 : 0),
  Selu: immediates('selu'),
};
const readings = new Map<string, Reading>([
  ...Object.entries(unary).map(([name, opcode]) => [name, () => make(opcode, 1)] as const),
  ...Object.entries(binary).map(([name, opcode]) => [name, () => make(opcode, 2)] as const),
  ...Object.entries(activating),
  ...Object.entries(others),
]);

/** Names of all operations that become one instruction. */
export const elementwiseOps: readonly string[] = [...readings.keys()];
/** Names of those that may be activations. */
export const activatingOps: readonly string[] = Object.keys(activating);

/** The instruction for a node; undefined when there is none. */
export function instructionOf(node: Node): NodeInstruction | undefined {
  const { auto_broadcast: rule } = node.attributes;
  if (rule !== undefined && rule !== 'numpy' && rule !== 'none') return undefined;
  return readings.get(node.op.name)?.(node);
}

/** What kernels can apply to what they compute before they store it: an activation and its two parameters. */
export function activationOf(node: Node): Activated | undefined {
  const { opcode, p, q } = instructionOf(node)?.instruction ?? {};
  if (opcode === 'prelu') {
    const slope = scalar(node, 1);
    return slope === undefined ? undefined : { activation: 'leaky_relu', alpha: slope, beta: 0 };
  }
  const activation = activations.find((a) => a === opcode);
  return activation && { activation, alpha: p ?? 0, beta: q ?? 0 };
}

const isFloating = (node: Node): boolean => ['f16', 'bf16', 'f32', 'f64'].includes(node.output.fact.type);

/** A slope of one element, or of the data's shape: what NumPy broadcasting does, too. A per-channel slope needs the channel axis first. */
const preluBroadcasts = (node: Node): boolean => {
  const slope = node.inputs[1]?.fact.shape;
  const data = node.inputs[0]?.fact.shape;
  return slope !== undefined && data !== undefined && (slope.length === data.length || slope.every((d) => d === 1));
};

/** The type in which a tensor's elements are computed. */
export type ComputeType = 'f32' | 'f64' | 'i32' | 'i64' | 'u64';
export function computeType(type: ElementType): ComputeType | undefined {
  switch (type) {
    case 'f32':
    case 'f16':
    case 'bf16':
      return 'f32';
    case 'f64':
      return 'f64';
    case 'boolean':
    case 'i8':
    case 'u8':
    case 'i16':
    case 'u16':
    case 'i32':
      return 'i32';
    case 'u32':
    case 'i64':
      return 'i64';
    case 'u64':
      return 'u64';
    default:
      return undefined;
  }
}

/** Instructions as text, one each: `add 0 1 -1 0 0`. */
export const writeProgram = (program: readonly Instruction[]): string[] =>
  program.map(({ opcode, a, b, c, p, q }) => [opcode, a, b, c, p, q].join(' '));
export const readProgram = (lines: readonly string[]): Instruction[] =>
  lines.map((line) => {
    const [opcode, a, b, c, p, q] = line.split(' ') as [Opcode, string, string, string, string, string];
    return { opcode, a: Number(a), b: Number(b), c: Number(c), p: Number(p), q: Number(q) };
  });

/** Several elementwise operations as one. All inputs broadcast to the output's shape. */
export const Elementwise = op('Elementwise', {
  attributes: { program: texts(), type: elementType() },
  inputs: [many('inputs', numericOrBoolean)],
  outputs: [port('output', numericOrBoolean)],
  infer({ inputs }, { type }, ctx) {
    const shape = inputs.map((f) => f.shape).reduce((a, b) => ctx.broadcast(a, b));
    return { type, shape };
  },
  traits: { elementwise: true },
});
