/** @file A model twice on one device: as it is, for inferences alone, and with a free batch. */
import {
  after,
  attempt,
  cloneModel,
  CuveeError,
  isElementType,
  readFrames,
  unsuitable,
  type Awaitable,
  type CompileOptions,
  type Config,
  type DeviceModel,
  type LoadedModel,
  type Model,
} from '@cuvee/core';
import { Batcher } from './batcher.js';
import { frames, joined, type Plan } from './joined.js';
import { rowsOf, withoutRows } from './rows.js';

/** What to compile for. */
export interface Wish {
  readonly device: string;
  /** Configuration of the inner device. */
  readonly inner: Config;
  /** Rows of a full batch; 1: nothing is gathered. */
  readonly most: number;
  readonly timeout: number;
  /** Rank of LOG_LEVEL. */
  readonly level: number;
}

/**
 * A model without rows, or for batches of one, runs as the device runs it, and says so.
 * Throws MODEL_UNSUPPORTED naming the node that forbids a batch, and whatever the device refuses.
 */
export function compile(model: Model, wish: Wish, options: CompileOptions): Awaitable<DeviceModel> {
  const { host, signal, paced } = options;
  const { device, inner, most } = wish;
  const name = model.friendlyName;
  const compiled = (own: Model): Awaitable<DeviceModel> => host.compile(own, device, inner, { signal, paced });
  const reason = most === 1 ? 'batches of one were asked for' : withoutRows(model);
  const blocks = reason === undefined ? rowsOf(model).map((block) => block ?? null) : [];
  const plan: Plan = {
    device,
    most: reason === undefined ? most : 1,
    fixed: false,
    blocks,
    types: model.inputs.map((v) => v.elementType),
    reason,
  };
  const free = reason !== undefined || model.inputs.every((v) => v.partialShape.dimensions?.[0]?.[1] === Number.POSITIVE_INFINITY);
  // Before the model is the device's.
  const [many, full] = free ? [] : [withRows(model, `1..${most}`), withRows(model, String(most))];
  return after(compiled(model), (alone) => {
    if (!many || !full) return join(alone, undefined, name, plan, wish);
    const failed = (error: unknown): never => {
      alone.release();
      throw error;
    };
    return attempt(
      () => compiled(many),
      (batched) => join(alone, batched, name, plan, wish),
      (error) => {
        if (signal?.aborted || !(error instanceof CuveeError) || error.code !== 'MODEL_UNSUPPORTED') return failed(error);
        // A device that wants every size: full batches, the last row repeated where fewer come.
        return attempt(
          () => compiled(full),
          (batched) => join(alone, batched, name, { ...plan, fixed: true }, wish),
          failed,
        );
      },
    );
  });
}

/** `many`: the model for batches, where it is another. */
function join(alone: DeviceModel, many: DeviceModel | undefined, model: string, plan: Plan, { inner, timeout, level }: Wish): DeviceModel {
  const { device, most, fixed, types } = plan;
  const blocks = plan.blocks.map((block) => block ?? undefined);
  const settings = { most, fixed, blocks, profiled: inner.PERF_COUNT === true, timeout, model, device, level };
  return joined(alone, many, plan, new Batcher(many ?? alone, types, settings, alone.info.optimalRequests));
}

/** The model with another first dimension of every input. */
function withRows(model: Model, rows: string): Model {
  const { model: copy } = cloneModel(model);
  const shapes = copy.inputs.map((v) => [v, [rows, ...v.partialShape.toString().slice(1, -1).split(',').slice(1)].join(',')] as const);
  return copy.reshape(new Map(shapes));
}

/** What `save` wrote, for the device that wrote it. Throws MODEL_INVALID for what is damaged, or of another device or size. */
export function load(blob: Uint8Array, wish: Wish, { host, signal, paced }: CompileOptions): Awaitable<LoadedModel> {
  const { content, pieces } = readFrames(frames, blob);
  const plan = planOf(content);
  const [first, second] = pieces;
  if (!plan || !first || pieces.length > 2) throw unsuitable('is damaged: its text is none of BATCH');
  if (plan.device !== wish.device) throw unsuitable(`does not suit: it is for ${plan.device}, here is ${wish.device}`);
  const imported = (bytes: Uint8Array): Awaitable<LoadedModel> => host.importModel(bytes, wish.device, wish.inner, { signal, paced });
  return after(imported(first), ({ ports, compiled: alone }) => {
    const refuse = (...made: readonly DeviceModel[]): never => {
      for (const one of made) one.release();
      throw unsuitable('is damaged: its parts are of another model');
    };
    if (!isPlanOf(plan, ports) || (plan.most > 1 && !second && !takesRows(ports, Number.POSITIVE_INFINITY))) return refuse(alone);
    if (!second) return { ports, compiled: join(alone, undefined, ports.friendlyName, plan, wish) };
    return attempt(
      () => imported(second),
      ({ ports: many, compiled }) =>
        rowOf(many) === rowOf(ports) && takesRows(many, plan.most)
          ? { ports, compiled: join(alone, compiled, ports.friendlyName, plan, wish) }
          : refuse(alone, compiled),
      (error) => {
        alone.release();
        throw error;
      },
    );
  });
}

/** Whether a plan can be one for a model with such ports. */
const isPlanOf = ({ most, types, blocks }: Plan, { inputs, outputs }: Model): boolean =>
  inputs.map((v) => v.elementType).join() === types.join() && (most === 1 || outputs.length === blocks.length);
/** Whether all inputs take so many rows. */
const takesRows = ({ inputs }: Model, rows: number): boolean => inputs.every((v) => (v.partialShape.dimensions?.[0]?.[1] ?? 0) >= rows);
/** What ports of a model are for one row. */
const rowOf = ({ inputs, outputs }: Model): string =>
  [
    ...inputs.map((v) => `${v.elementType} ${v.partialShape.toString().replace(/^\[[^,\]]*/, '')}`),
    ...outputs.map((v) => `${v.elementType} ${v.partialShape.dimensions?.length}`),
  ].join();

/** The text of a blob, checked: a checksum proves no author. */
function planOf(content: unknown): Plan | undefined {
  const { device, most, fixed, blocks, types, reason } = (content ?? {}) as Partial<Plan>;
  const isCount = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 1;
  if (typeof device !== 'string' || !isCount(most) || typeof fixed !== 'boolean' || !Array.isArray(blocks) || !Array.isArray(types))
    return undefined;
  if (!blocks.every((b) => b === null || isCount(b)) || !types.every((t) => typeof t === 'string' && isElementType(t))) return undefined;
  if (reason !== undefined && typeof reason !== 'string') return undefined;
  return content as Plan;
}
