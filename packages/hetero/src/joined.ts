/** @file The parts as one compiled model. */
import {
  modelBlob,
  rankOf,
  sealedProperties,
  whenWritten,
  type Config,
  type DeviceModel,
  type Model,
  type PortsText,
  type Seal,
} from '@cuvee/core';
import { writeBlob, type Content, type PartBlob } from './blob.js';
import { explain, type Story } from './explain.js';
import { HeteroRequest, type Split } from './request.js';

/** What else a blob of the model needs. */
export interface Kept {
  readonly ports: PortsText;
  /** For each part its model, where its device cannot write what it made of it. */
  readonly models: readonly (Model | undefined)[];
  readonly seals: readonly Seal[];
}

/** A model of HETERO over compiled parts. */
export function joined(split: Split, story: Story, config: Config, kept: Kept): DeviceModel {
  const { models, wiring } = split;
  const each = new Map<string, number>();
  models.forEach((m, i) => {
    const device = wiring.parts[i]?.device ?? '';
    each.set(device, Math.max(each.get(device) ?? 0, m.info.optimalRequests));
  });
  return {
    createRequest: () => new HeteroRequest(split),
    info: {
      // As many inferences as keep every device busy, each with another part.
      optimalRequests: Math.max(
        1,
        [...each.values()].reduce((sum, n) => sum + n, 0),
      ),
      executionDevices: [...new Set(models.flatMap((m) => [...m.info.executionDevices]))],
      properties: { ...config, HETERO_NUMBER_OF_SUBMODELS: models.length },
    },
    explain: () => explain(story, wiring),
    save: () => save(split, story, kept, sealedProperties(config)),
    set(changed) {
      if (changed.LOG_LEVEL !== undefined) split.level = rankOf(changed.LOG_LEVEL);
    },
    release() {
      for (const m of models) m.release();
    },
  };
}

/** In pieces; at once where every device writes at once. */
function save(split: Split, story: Story, kept: Kept, properties: Content['properties']): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  const models = kept.models.map((model) => model && modelBlob(model));
  return whenWritten(
    split.models.map((m) => m.save?.()),
    (blobs) => {
      const parts = blobs.map((compiled, i): PartBlob => (compiled ? { compiled } : (models[i] as PartBlob)));
      return writeBlob({ name: split.name, ports: kept.ports, wiring: split.wiring, story, seals: kept.seals, properties, parts });
    },
  );
}
