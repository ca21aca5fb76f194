/** @file A model twice on one device: as it is, for inferences alone, and with a free batch. */
import {
  after,
  attempt,
  bitsOf,
  cloneModel,
  CuveeError,
  type Awaitable,
  type CompileOptions,
  type Config,
  type DeviceModel,
  type ElementType,
  type Model,
} from '@cuvee/core';
import { Batcher } from './batcher.js';
import { explain } from './explain.js';
import { hasRows } from './gather.js';
import { BatchRequest } from './request.js';
import { rowsOf } from './rows.js';

/** What to compile for. */
export interface Wish {
  readonly device: string;
  /** Configuration of the inner device. */
  readonly inner: Config;
  /** Rows of a full batch; 1: nothing is gathered. */
  readonly most: number;
  readonly timeout: number;
}

/** Throws MODEL_UNSUPPORTED naming what forbids a batch, and whatever the device refuses. */
export function compile(model: Model, wish: Wish, options: CompileOptions): Awaitable<DeviceModel> {
  const { host, signal, paced } = options;
  const { device, inner, most } = wish;
  if (most === 1) return after(host.compile(model, device, inner, { signal, paced }), (alone) => passedOn(alone, wish));
  const blocks = rowsOf(model);
  const types = inputTypes(model);
  const free = model.inputs.every((v) => v.partialShape.dimensions?.[0]?.[1] === Number.POSITIVE_INFINITY);
  const batched = (rows: string): Model => withRows(model, rows);
  // Before the model is the device's.
  const many = free ? undefined : batched(`1..${most}`);
  const fixed = free ? undefined : batched(String(most));
  return after(host.compile(model, device, inner, { signal, paced }), (alone) => {
    const finish = (compiled: DeviceModel, isFixed: boolean): DeviceModel =>
      joined(
        alone,
        compiled,
        wish,
        new Batcher(
          compiled,
          types,
          { most, fixed: isFixed, blocks, profiled: wish.inner.PERF_COUNT === true, timeout: wish.timeout },
          alone.info.optimalRequests,
        ),
      );
    if (!many || !fixed) return finish(alone, false);
    const failed = (error: unknown): never => {
      alone.release();
      throw error;
    };
    return attempt(
      () => host.compile(many, device, inner, { signal, paced }),
      (compiled) => finish(compiled, false),
      (error) => {
        if (signal?.aborted || !(error instanceof CuveeError) || error.code !== 'MODEL_UNSUPPORTED') return failed(error);
        // A device that wants every size: full batches, the last row repeated where fewer come.
        return attempt(
          () => host.compile(fixed, device, inner, { signal, paced }),
          (compiled) => finish(compiled, true),
          failed,
        );
      },
    );
  });
}

/** Element types of the inputs. Throws MODEL_UNSUPPORTED for elements that cannot be copied row by row. */
function inputTypes(model: Model): readonly ElementType[] {
  for (const v of [...model.inputs, ...model.outputs])
    if (!hasRows(v.elementType, bitsOf(v.elementType)))
      throw new CuveeError('MODEL_UNSUPPORTED', `requests cannot run as one batch: "${v.anyName}" has elements of type ${v.elementType}`, {
        op: v.node.op.name,
        node: v.node.name,
      });
  return model.inputs.map((v) => v.elementType);
}

/** The model with another first dimension of every input. */
function withRows(model: Model, rows: string): Model {
  const { model: copy } = cloneModel(model);
  const shapes = copy.inputs.map((v) => [v, [rows, ...v.partialShape.toString().slice(1, -1).split(',').slice(1)].join(',')] as const);
  return copy.reshape(new Map(shapes));
}

/** The device's own model, where nothing is gathered. */
function passedOn(alone: DeviceModel, { device, timeout }: Wish): DeviceModel {
  const { optimalRequests, executionDevices, properties } = alone.info;
  return {
    info: {
      optimalRequests,
      executionDevices,
      passesTo: device,
      properties: { ...properties, AUTO_BATCH_TIMEOUT: timeout, OPTIMAL_BATCH_SIZE: 1 },
    },
    createRequest: () => alone.createRequest(),
    ...(alone.explain && { explain: () => (alone.explain as NonNullable<DeviceModel['explain']>)() }),
    release: () => alone.release(),
  };
}

/** Both as one model. */
function joined(alone: DeviceModel, many: DeviceModel, wish: Wish, batcher: Batcher): DeviceModel {
  const { executionDevices, properties, optimalRequests } = alone.info;
  return {
    info: {
      optimalRequests: optimalRequests * wish.most,
      executionDevices,
      properties: { ...properties, AUTO_BATCH_TIMEOUT: wish.timeout, OPTIMAL_BATCH_SIZE: wish.most },
    },
    createRequest: () => new BatchRequest(batcher, alone.createRequest()),
    set(changed) {
      if (typeof changed.AUTO_BATCH_TIMEOUT === 'number') batcher.settings.timeout = changed.AUTO_BATCH_TIMEOUT;
    },
    explain: () => explain(wish, batcher, alone.explain?.()),
    release() {
      batcher.release();
      alone.release();
      if (many !== alone) many.release();
    },
  };
}
