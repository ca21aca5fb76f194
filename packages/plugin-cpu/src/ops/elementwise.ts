/**
 * @file Elementwise programs: a chain of elementwise operations that runs in one pass over memory.
 *
 * A program is a list of instructions over registers: register i < inputs is input i (broadcast), the others are
 * temporaries in the order in which they are written; the last one is the result.
 */
import { numericOrBoolean, op, port, many, texts, elementType, type Dim, type ElementType, type Node } from '@cuvee/core';
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
/** How the nodes of an operation become instructions. */
interface Form {
  /** Which they may become. */
  readonly opcodes: readonly Opcode[];
  readonly read: Reading;
  /** Of those that no single instruction over the inputs as they are says. */
  readonly program?: (node: Node) => NodeProgram | string;
}
const form = (opcode: Opcode, read: Reading = () => make(opcode, 1), program?: Form['program']): Form => ({
  opcodes: [opcode],
  read,
  ...(program && { program }),
});
const choice = (reads: number, opcodes: readonly Opcode[], of: (node: Node) => Opcode): Form => ({
  opcodes,
  read: (node) => make(of(node), reads),
});

/** What a kernel may apply to its results, too. */
const activating: Readonly<Record<string, Form>> = {
  Relu: form('relu'),
  Clamp: form('clip', ({ attributes: a }) => make('clip', 1, a.min as number, a.max as number)),
  HSwish: form('hard_swish', () => make('hard_swish', 1, 1 / 6, 0.5)),
  HSigmoid: form('hard_sigmoid', () => make('hard_sigmoid', 1, 1 / 6, 0.5)),
  HardSigmoid: form('hard_sigmoid', immediates('hard_sigmoid'), hardSigmoid),
  Sigmoid: form('sigmoid'),
  Tanh: form('tanh'),
  Elu: form('elu', ({ attributes: a }) => make('elu', 1, a.alpha as number)),
  Gelu: choice(1, ['gelu_tanh', 'gelu_erf'], ({ attributes: a }) =>
    String(a.approximation_mode).toUpperCase() === 'TANH' ? 'gelu_tanh' : 'gelu_erf',
  ),
  Swish: form('silu', (node) => {
    const beta = node.inputs.length > 1 ? scalar(node, 1) : 1;
    return beta === undefined ? undefined : make('silu', 1, beta);
  }),
  PRelu: form('prelu', (node) => (preluBroadcasts(node) ? make('prelu', 2) : undefined), prelu),
  SoftPlus: form('softplus'),
  Mish: form('mish'),
};
const others: Readonly<Record<string, Form>> = {
  Divide: choice(2, ['div', 'trunc_div', 'floor_div'], (node) =>
    isFloating(node) ? 'div' : node.attributes.m_pythondiv === false ? 'trunc_div' : 'floor_div',
  ),
  BitwiseNot: choice(1, ['not', 'bit_not'], (node) => (node.output.fact.type === 'boolean' ? 'not' : 'bit_not')),
  Select: form('select', () => make('select', 3)),
  Round: choice(1, ['round_away', 'round_even'], ({ attributes: a }) => (a.mode === 'half_away_from_zero' ? 'round_away' : 'round_even')),
  IsInf: form('is_inf', ({ attributes: a }) => make('is_inf', 1, a.detect_negative ? 1 : 0, a.detect_positive ? 1 : 0)),
  Selu: form('selu', immediates('selu')),
};
const forms = new Map<string, Form>([
  ...Object.entries(unary).map(([name, opcode]) => [name, form(opcode)] as const),
  ...Object.entries(binary).map(([name, opcode]) => [name, form(opcode, () => make(opcode, 2))] as const),
  ...Object.entries(activating),
  ...Object.entries(others),
]);

/** Names of all operations that become programs. */
export const elementwiseOps: readonly string[] = [...forms.keys()];
/** Names of those that may be activations. */
export const activatingOps: readonly string[] = Object.keys(activating);
/** Names of those whose nodes may become a given instruction. */
export const opsOf = (opcode: Opcode): readonly string[] => elementwiseOps.filter((name) => forms.get(name)?.opcodes.includes(opcode));

/** The instruction for a node; undefined when there is none. */
export function instructionOf(node: Node): NodeInstruction | undefined {
  const { auto_broadcast: rule } = node.attributes;
  if (rule !== undefined && rule !== 'numpy' && rule !== 'none') return undefined;
  return forms.get(node.op.name)?.read(node);
}

/** A node as a program over its inputs; a text says why there is none. */
export interface NodeProgram {
  readonly program: readonly Instruction[];
  readonly reads: number;
  /** Dimensions under which input 1 broadcasts, where they are not its own. */
  readonly aligned?: readonly Dim[];
}
export function programOf(node: Node): NodeProgram | string {
  const own = forms.get(node.op.name)?.program;
  if (own) return own(node);
  const found = instructionOf(node);
  return found ? { program: [found.instruction], reads: found.reads } : 'these attributes';
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

/** The slope goes along axis 1 where it is as long; a text where the sizes do not tell. */
function prelu(node: Node): NodeProgram | string {
  const { instruction, reads } = make('prelu', 2);
  const program = [instruction];
  const [data, slope] = [node.input(0).fact.shape, node.input(1).fact.shape];
  if (!data || slope?.length !== 1 || data.length < 3 || slope[0] === 1) return { program, reads };
  if (slope[0] === data[1]) return { program, reads, aligned: [slope[0] as Dim, ...new Array<Dim>(data.length - 2).fill(1)] };
  return typeof slope[0] === 'number' && typeof data[1] === 'number'
    ? { program, reads }
    : 'whether its slope goes along the channels is not known';
}

/** clamp(x·alpha + beta, 0, 1), alpha and beta as data where they are no constants. */
function hardSigmoid(node: Node): NodeProgram {
  const found = immediates('hard_sigmoid')(node);
  if (found) return { program: [found.instruction], reads: found.reads };
  const step = (opcode: Opcode, a: number, b: number, q = 0): Instruction => ({ opcode, a, b, c: -1, p: 0, q });
  return { program: [step('mul', 0, 1), step('add', 3, 2), step('clip', 4, -1, 1)], reads: 3 };
}

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
