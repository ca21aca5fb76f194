/** @file Reading: from a file or bytes to a model, by the frontend that knows the format. */
import { CuveeError } from '../errors.js';
import type { Awaitable } from '../device/contract.js';
import { ir } from '../ir-xml/index.js';
import type { Model } from '../ir/model.js';
import { attempt } from './awaitable.js';
import type { Frontend, ModelSource } from './frontend.js';
import type { Registry } from './registry.js';
import { fromFile, sourceOf, type ModelInput, type WeightsInput } from './source.js';
import { paced } from './steps.js';
import { worked, workOn } from './work.js';

/** Those that could know the format, core's own first: others are loaded when it is their turn. */
function* frontendsOf(registry: Registry, path: string | undefined): Iterable<Frontend> {
  yield ir();
  yield* registry.frontends(path);
}

/** For those who wait for a promise. */
export interface Pace {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The model in a file or in bytes, by the first frontend that knows the format; with `pace` in steps, for those who wait for a promise.
 * Throws FILE_NOT_FOUND, MODEL_INVALID, MODEL_UNSUPPORTED.
 */
export function readWith(registry: Registry, model: ModelInput, weights: WeightsInput | undefined, pace?: Pace): Awaitable<Model> {
  return readSource(registry, sourceOf(model, weights), pace);
}

/** The same from what was opened. */
export function readSource(registry: Registry, opened: ModelSource, pace?: Pace): Awaitable<Model> {
  const source = { ...opened, extensions: registry.extensions };
  const name = source.path ?? 'the model given as bytes';
  for (const frontend of frontendsOf(registry, source.path)) {
    if (!frontend.accepts(source.bytes.subarray(0, 4096), source.path)) continue;
    return attempt(
      () => (pace && frontend.reading ? paced(frontend.reading(source), pace.signal) : frontend.read(source)),
      (read) => {
        read.path = source.path;
        worked(workOn(frontend.name, read));
        return read;
      },
      (error) => {
        if (pace?.signal?.aborted) throw error;
        throw CuveeError.wrap(`reading ${JSON.stringify(name)}`, fromFile(error), 'MODEL_INVALID');
      },
    );
  }
  throw new CuveeError('MODEL_INVALID', `reading ${JSON.stringify(name)}: no frontend knows this format`);
}
