/** @file Operations that exist only inside this device: a convolution or matrix product with what follows it. */
import {
  bool,
  derivedNode,
  float,
  floating,
  int,
  type Node,
  numeric,
  oneOf,
  optional,
  rooms,
  type Attributes,
  type Op,
  type Port,
  type Value,
} from '@cuvee/core';
import { activations, type Activated } from './activation.js';
import { names } from './names.js';

/**
 * What may follow the sums x of channel c, in this order: x·weightScale[c] + bias[c], + residual, activation,
 * ·postScale[c] + postShift[c], + residual (when `residual_after`). Channel arrays are constants with one element a channel.
 */
export const epiloguePorts = ['bias', 'weightScale', 'postScale', 'postShift', 'residual'] as const;
export type EpiloguePort = (typeof epiloguePorts)[number];
/** A convolution may read max(x·inputScale[c] + inputShift[c], 0) instead of its data x of channel c. */
const prologuePorts = ['inputScale', 'inputShift'] as const;
type ProloguePort = (typeof prologuePorts)[number];

const schema = {
  activation: oneOf(activations, 'none'),
  alpha: float(0),
  beta: float(0),
  residual_after: bool(false),
  shuffled: int(1),
};

/** Ops that take an epilogue, and the axis of their output that counts channels, from the front or the end. */
const bases: Readonly<Record<string, 1 | -1>> = {
  [names.convolution]: 1,
  [names.groupConvolution]: 1,
  [names.transposedConvolution]: 1,
  [names.transposedGroupConvolution]: 1,
  [names.product]: -1,
};

/** `Fused…` of a base op: its inputs, then the epilogue's. */
function fused(base: Op): Op {
  const ports: Port[] = [...epiloguePorts, ...prologuePorts].map((name) => optional(name, name === 'residual' ? numeric : floating));
  return {
    ...base,
    name: `Fused${base.name}`,
    xmlName: `Fused${base.name}`,
    schema: { ...base.schema, ...schema },
    inputs: [...base.inputs.map((p): Port => p), ...ports],
    attributes: (given, node) => {
      const own = Object.fromEntries(Object.entries(given).filter(([k]) => !(k in schema)));
      const { activation = 'none', alpha = 0, beta = 0, residual_after = false, shuffled = 1 } = given;
      return {
        ...base.attributes(own, node),
        activation,
        alpha,
        beta,
        residual_after,
        ...(shuffled === 1 ? {} : { shuffled }),
      } as Attributes;
    },
    infer: (inputs, attributes, ctx) => base.infer(inputs.slice(0, base.inputs.length), attributes, ctx),
    evaluate: undefined,
    decompose: undefined,
    traits: { ...base.traits },
  } as Op;
}

const fusedOps = new Map(
  Object.keys(bases).flatMap((name) => {
    const base = rooms.get(name);
    return base ? [[name, fused(base)] as const] : [];
  }),
);

const both = (name: string): readonly string[] => [name, `Fused${name}`];
/** Names of the ops that take an epilogue, fused or not: all, those whose channels are axis 1, the products. */
export const fusable: readonly string[] = Object.keys(bases).flatMap(both);
export const convolutions: readonly string[] = fusable.filter((_, i) => Object.values(bases)[i >> 1] === 1);
export const products: readonly string[] = both(names.product);
/** Names of the convolution of one group. */
export const plainConvolutions: readonly string[] = both(names.convolution);
/** And of several. */
export const groupConvolutions: readonly string[] = both(names.groupConvolution);

/** A convolution or product, fused or plain, as its base and its epilogue. */
export interface Fused {
  readonly node: Node;
  readonly base: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly epilogue: Readonly<Record<EpiloguePort, Value | undefined>>;
  readonly prologue: Readonly<Record<ProloguePort, Value | undefined>>;
  readonly activated: Activated;
  readonly residualAfter: boolean;
  /** The data's channels are read as if they were shuffled in so many groups. */
  readonly shuffled: number;
  /** Axis of the output that counts channels. */
  readonly channelAxis: number;
  readonly channels: number | undefined;
}

/** What the name of an op that takes an epilogue says: its base, how many inputs that has, and where the channels are. */
interface Form {
  readonly base: string;
  readonly count: number;
  readonly side: 1 | -1;
  readonly isFused: boolean;
}
const forms: ReadonlyMap<string, Form> = new Map(
  Object.entries(bases).flatMap(([base, side]) =>
    both(base).map((name, i) => [name, { base, count: rooms.get(base)?.inputs.length ?? 0, side, isFused: i === 1 }] as const),
  ),
);
const noEpilogue: Fused['epilogue'] = {
  bias: undefined,
  weightScale: undefined,
  postScale: undefined,
  postShift: undefined,
  residual: undefined,
};
const noPrologue: Fused['prologue'] = { inputScale: undefined, inputShift: undefined };

export function asFused(node: Node): Fused | undefined {
  const form = forms.get(node.op.name);
  const { shape } = node.output.fact;
  if (form === undefined || !shape) return undefined;
  const { base, count, side, isFused } = form;
  const { inputs: all } = node;
  const {
    activation = 'none',
    alpha = 0,
    beta = 0,
    residual_after = false,
    shuffled = 1,
  } = node.attributes as Partial<Activated> & { residual_after?: boolean; shuffled?: number };
  const channelAxis = side === 1 ? 1 : shape.length - 1;
  const channels = shape[channelAxis];
  return {
    node,
    base,
    inputs: all.length > count ? all.slice(0, count) : all,
    epilogue: isFused
      ? {
          bias: all[count],
          weightScale: all[count + 1],
          postScale: all[count + 2],
          postShift: all[count + 3],
          residual: all[count + 4],
        }
      : noEpilogue,
    prologue: isFused ? { inputScale: all[count + 5], inputShift: all[count + 6] } : noPrologue,
    activated: { activation, alpha, beta },
    residualAfter: residual_after,
    shuffled,
    channelAxis,
    channels: typeof channels === 'number' ? channels : undefined,
  };
}

/** The same with parts of the epilogue or the prologue changed, as a new node that stands for both. */
export function withEpilogue(
  f: Fused,
  change: {
    readonly epilogue?: Partial<Fused['epilogue']>;
    readonly activated?: Activated;
    readonly residualAfter?: boolean;
    readonly shuffled?: number;
    /** Other data and filters, of the same shapes. */
    readonly inputs?: readonly [Value, Value];
    /** Reads this value, activated, instead of its data. */
    readonly prologue?: Fused['prologue'] & { readonly data: Value };
  },
): Value {
  const op = fusedOps.get(f.base) as Op;
  const count = op.inputs.length - epiloguePorts.length - prologuePorts.length;
  const epilogue = { ...f.epilogue, ...change.epilogue };
  const prologue = change.prologue ?? f.prologue;
  const inputs: (Value | undefined)[] = [];
  for (let i = 0; i < count; i++) inputs.push(change.inputs?.[i] ?? (i === 0 && change.prologue ? change.prologue.data : f.inputs[i]));
  for (let i = 0; i < epiloguePorts.length; i++) inputs.push(epilogue[epiloguePorts[i] as EpiloguePort]);
  for (let i = 0; i < prologuePorts.length; i++) inputs.push(prologue[prologuePorts[i] as ProloguePort]);
  const attributes = {
    ...f.node.attributes,
    ...f.activated,
    residual_after: change.residualAfter ?? f.residualAfter,
    ...(change.shuffled && { shuffled: change.shuffled }),
    ...change.activated,
  };
  const { type, shape } = f.node.output.fact;
  return derivedNode(op, inputs, attributes, { type, shape }, { name: f.node.name, origin: f.node.origin });
}
