/** The operators that are translated: the export names of `ops/*.ts`, by domain. */
import * as activation from './ops/activation.js';
import * as arithmetic from './ops/arithmetic.js';
import * as attention from './ops/attention.js';
import * as control from './ops/control.js';
import * as conv from './ops/conv.js';
import * as data from './ops/data.js';
import * as image from './ops/image.js';
import * as linear from './ops/linear.js';
import * as logic from './ops/logic.js';
import * as loss from './ops/loss.js';
import * as microsoft from './ops/microsoft.js';
import * as microsoftAttention from './ops/microsoft-attention.js';
import * as microsoftExperts from './ops/microsoft-experts.js';
import * as microsoftQuantize from './ops/microsoft-quantize.js';
import * as ml from './ops/ml.js';
import * as normalization from './ops/normalization.js';
import * as pooling from './ops/pooling.js';
import * as preview from './ops/preview.js';
import * as quantize from './ops/quantize.js';
import * as random from './ops/random.js';
import * as recurrent from './ops/recurrent.js';
import * as reduce from './ops/reduce.js';
import * as sequence from './ops/sequence.js';
import * as shape from './ops/shape.js';
import * as signal from './ops/signal.js';
import * as text from './ops/text.js';
import * as training from './ops/training.js';
import * as trees from './ops/trees.js';
import type { OnnxOp } from './node.js';

const modules = {
  '': [
    activation,
    arithmetic,
    attention,
    control,
    conv,
    data,
    image,
    linear,
    logic,
    loss,
    normalization,
    pooling,
    quantize,
    random,
    recurrent,
    reduce,
    sequence,
    shape,
    signal,
    text,
  ],
  'ai.onnx.ml': [ml, trees],
  'com.microsoft': [microsoft, microsoftAttention, microsoftExperts, microsoftQuantize],
  'ai.onnx.preview': [preview],
  'ai.onnx.preview.training': [training],
} as const;

const tables: ReadonlyMap<string, ReadonlyMap<string, OnnxOp>> = new Map(
  Object.entries(modules).map(([domain, list]) => [
    domain,
    new Map(list.flatMap((module) => (Object.entries(module) as [string, OnnxOp][]).filter(([name]) => /^[A-Z]/.test(name)))),
  ]),
);

/** The function that translates an operator; undefined for one that is not supported. Domain 'ai.onnx' is ''. */
export const findOp = (domain: string, op: string): OnnxOp | undefined => tables.get(domain)?.get(op);

const sequenceOps: ReadonlySet<OnnxOp> = new Set([
  ...Object.values(sequence),
  ...Object.values(control),
  data.Identity,
] as unknown as OnnxOp[]);

/** Whether an operator may be given sequences and optionals; all others get tensors only. */
export const takesSequences = (op: OnnxOp): boolean => sequenceOps.has(op);

/** Every supported operator, by domain, sorted: what the documentation prints. */
export const supportedOps = (): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries([...tables].map(([domain, table]) => [domain, [...table.keys()].sort()]));
