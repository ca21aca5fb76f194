/** @file A compiled split from its blob, after a check that the devices here are those that made it. */
import {
  after,
  attempt,
  CuveeError,
  modelInBlob,
  portModel,
  propertiesThatDiffer,
  rankOf,
  refuseDifferences,
  sealedProperties,
  sealsOf,
  versionsThatDiffer,
  type Awaitable,
  type CompileOptions,
  type Config,
  type DeviceModel,
  type LoadedModel,
  type Model,
  type Seal,
  type Value,
} from '@cuvee/core';
import { readBlob, type Content, type PartBlob } from './blob.js';
import { joined } from './joined.js';
import { partConfig } from './part-config.js';
import type { Split } from './request.js';

/**
 * Reads a blob for the devices of the list. Throws MODEL_INVALID: what is damaged, or all that differs from when it was written:
 * devices that are not in the list, versions of plugins, properties.
 */
export function load(bytes: Uint8Array, devices: readonly string[], config: Config, options: CompileOptions): Awaitable<LoadedModel> {
  const content = readBlob(bytes);
  const missing = content.seals.filter((seal) => !devices.includes(seal.device));
  if (missing.length > 0) refuseDifferences([`it runs on ${content.story.devices.join(', ')}, here are ${devices.join(', ')}`]);
  const { parts, properties, wiring: wires } = content;
  const wrote = (device: string): boolean => parts.some((p, i) => 'compiled' in p && wires.parts[i]?.device === device);
  const seals = sealsOf(
    content.story.parts.map((p) => p.device),
    options.host,
  );
  return after(seals, (here) => {
    refuseDifferences([...versionsThatDiffer(content.seals, here, wrote), ...propertiesThatDiffer(properties, config)]);
    const sealed = sealedProperties(properties as Config) as Config;
    return after(loadParts(content, here, config, sealed, options), (models) => {
      try {
        checkPorts(
          content,
          models.map((m) => m.ports),
        );
      } catch (error) {
        for (const { compiled } of models) compiled.release();
        throw error;
      }
      const { name, wiring, story, ports } = content;
      const split: Split = { name, wiring, models: models.map((m) => m.compiled), level: rankOf(config.LOG_LEVEL) };
      const kept = { ports, models: models.map((m) => m.model), seals: here };
      return { ports: portModel(ports), compiled: joined(split, story, { ...sealed, ...config }, kept) };
    });
  });
}

/** A part that stands here again, with its model when its device could not write it. */
interface LoadedPart {
  readonly ports: Model;
  readonly compiled: DeviceModel;
  readonly model: Model | undefined;
}

/** Every part takes what the wires bring: a blob of parts that do not belong together is refused. */
function checkPorts({ ports, wiring }: Content, parts: readonly Model[]): void {
  const values = portModel(ports).inputs.map(typeAndRank);
  parts.forEach((part, i) => {
    const { inputs = [], outputs = [] } = wiring.parts[i] ?? {};
    const suits =
      part.inputs.length === inputs.length &&
      part.outputs.length === outputs.length &&
      inputs.every((v, k) => values[v] === typeAndRank(part.inputs[k] as Value));
    if (!suits) refuseDifferences([`part ${i} is of another model`]);
    values.push(...part.outputs.map(typeAndRank));
  });
}
const typeAndRank = (v: Value): string => `${v.elementType} ${v.partialShape.dimensions?.length}`;

function loadParts(
  content: Content,
  here: readonly Seal[],
  config: Config,
  sealed: Config,
  options: CompileOptions,
): Awaitable<readonly LoadedPart[]> {
  const loaded: LoadedPart[] = [];
  const next = (i: number): Awaitable<readonly LoadedPart[]> => {
    const part = content.parts[i];
    if (!part) return loaded;
    const device = content.wiring.parts[i]?.device as string;
    return attempt(
      () => loadPart(part, device, config, sealed, options),
      (one) => {
        loaded.push(one);
        return next(i + 1);
      },
      (error) => {
        for (const { compiled } of loaded) compiled.release();
        const was = content.seals.find((s) => s.device === device)?.fullName;
        const is = here.find((s) => s.device === device)?.fullName;
        const other = was === is ? '' : ` (compiled on ${was}, here is ${is})`;
        throw CuveeError.wrap(`part ${i} on ${device}${other}`, error, 'MODEL_INVALID');
      },
    );
  };
  return next(0);
}

/** `sealed`: what the whole was compiled with, which what compiles anew heeds. */
function loadPart(part: PartBlob, device: string, config: Config, sealed: Config, options: CompileOptions): Awaitable<LoadedPart> {
  const { host, signal, paced } = options;
  const own = partConfig(config, device, options);
  if ('compiled' in part)
    return after(host.importModel(part.compiled, device, own, { signal, paced }), ({ ports, compiled }) => ({
      ports,
      compiled,
      model: undefined,
    }));
  const model = modelInBlob(part.xml, part.weights);
  const anew = partConfig({ ...sealed, ...config }, device, options);
  return after(host.compile(model, device, anew, { signal, paced }), (compiled) => ({
    ports: model,
    compiled,
    model: compiled.save ? undefined : model,
  }));
}
