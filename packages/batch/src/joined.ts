/** @file The model alone and the model for batches as one. */
import { rankOf, whenWritten, writeFrames, type DeviceModel, type ElementType } from '@cuvee/core';
import type { Batcher } from './batcher.js';
import { explain } from './explain.js';
import { BatchRequest } from './request.js';

/** What was decided for a model; plain data, that a blob keeps. */
export interface Plan {
  readonly device: string;
  /** Rows of a full batch; 1: nothing is gathered. */
  readonly most: number;
  /** Whether every batch has so many rows. */
  readonly fixed: boolean;
  /** For each output: length of one row; null for what is the same for all rows. */
  readonly blocks: readonly (number | null)[];
  /** Element types of the inputs. */
  readonly types: readonly ElementType[];
  /** Why nothing is gathered. */
  readonly reason?: string | undefined;
}

export const frames = { magic: 'CUVBATCH', version: 1, device: 'BATCH' };

/** `many`: the model for batches, where it is another than `alone`. */
export function joined(alone: DeviceModel, many: DeviceModel | undefined, plan: Plan, batcher: Batcher): DeviceModel {
  const { executionDevices, properties, optimalRequests } = alone.info;
  const gathers = plan.most > 1;
  const canSave = alone.save !== undefined && (many === undefined || many.save !== undefined);
  return {
    info: {
      optimalRequests: optimalRequests * plan.most,
      executionDevices,
      ...(!gathers && { passesTo: plan.device }),
      properties: { ...properties, AUTO_BATCH_TIMEOUT: batcher.settings.timeout, OPTIMAL_BATCH_SIZE: plan.most },
    },
    createRequest: () => (gathers ? new BatchRequest(batcher, alone.createRequest()) : alone.createRequest()),
    set(changed) {
      if (typeof changed.AUTO_BATCH_TIMEOUT === 'number') batcher.settings.timeout = changed.AUTO_BATCH_TIMEOUT;
      if (changed.LOG_LEVEL !== undefined) batcher.settings.level = rankOf(changed.LOG_LEVEL);
    },
    explain: () => explain(plan, batcher, alone.explain?.()),
    ...(canSave && {
      save: () =>
        whenWritten([alone.save?.(), ...(many ? [many.save?.()] : [])], (blobs) =>
          writeFrames(
            frames,
            plan,
            blobs.map((blob) => blob as Uint8Array),
          ),
        ),
    }),
    release() {
      batcher.release();
      alone.release();
      many?.release();
    },
  };
}
