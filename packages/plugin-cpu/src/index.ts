/** @file Device CPU: TypeScript compiles a model to a Plan, native code runs it. */
import {
  atOnce,
  CuveeError,
  paced,
  portModel,
  portTexts,
  type Awaitable,
  type Config,
  type DeviceModel,
  type DevicePlugin,
  type LoadedModel,
  type Model,
  type Node,
  type Steps,
  type Support,
} from '@cuvee/core';
import { optimalBatch } from './batch.js';
import { costs } from './costs.js';
import { compiling, refusal } from './compile/compile.js';
import { keeps } from './compile/keeps.js';
import { hasStrings, withoutStrings } from './fuse/strings.js';
import { compiledSource, CpuModel, infoOf, storedSource } from './model.js';
import { addKernels } from './lower/custom.js';
import { digest, digestFile, digestLater, loadKernels, loadNative, mapped, type Addon } from './native.js';
import { encodingPlan } from './plan/encode.js';
import { properties } from './properties.js';
import { readBlob, writeBlob } from './blob.js';
import { dependsOnInputs, SpecialisedModel } from './specialised.js';
import { division } from './threads.js';
import { version } from './version.js';

/** One plan for every input. */
function* planning(addon: Addon, own: Model, config: Config): Steps<CpuModel> {
  const { isa, block } = addon.info();
  const ports = portTexts(own);
  const numbered = hasStrings(own) ? withoutStrings(own) : undefined;
  // With strings that no kernel takes, the compiler tells which.
  const compiled = yield* compiling(numbered && 'model' in numbered ? numbered.model : own, {
    name: isa,
    block,
    alone: config.CUVEE_FUSION === false,
  });
  const encoded = yield* encodingPlan(compiled.plan);
  yield;
  return new CpuModel(addon, compiledSource(compiled, encoded, ports, config), config, ports);
}

/** Plans that wait for inputs. */
function specialised(addon: Addon, model: Model, config: Config): SpecialisedModel {
  const write = (kept: Model): Iterable<Uint8Array> => writeBlob({ engine: version, ports: portTexts(kept), compiled: { model: kept } });
  return new SpecialisedModel(model, infoOf(config, division(addon, config)), (own) => atOnce(planning(addon, own, config)), write);
}

/** Why each node cannot run here, or true. */
function supportOf(model: Model): Support {
  const numbered = hasStrings(model) ? withoutStrings(model) : undefined;
  const reason = (node: Node): string | undefined => {
    if (!numbered) return refusal(node);
    if ('refused' in numbered) return numbered.refused.get(node) ?? refusal(node);
    return numbered.made
      .get(node)
      ?.map(refusal)
      .find((why) => why !== undefined);
  };
  return new Map(model.nodes().map((node) => [node, reason(node) ?? true]));
}

/** `new Core({ plugins: [cpu()] })`. */
export const cpu = (): DevicePlugin => ({
  name: 'CPU',
  version,
  properties,
  devices() {
    const native = loadNative();
    if ('absent' in native) return [{ id: '', absent: native.absent }];
    const { isa } = native.addon.info();
    return [
      {
        id: '',
        get fullName() {
          return process.getBuiltinModule('node:os').cpus()[0]?.model.trim() ?? 'CPU';
        },
        capabilities: ['FP32', 'FP16', 'BF16', 'INT8', 'FP64', 'EXPORT_IMPORT', `ISA_${isa.toUpperCase()}`],
      },
    ];
  },
  extend({ kernels }) {
    const native = loadNative();
    if (kernels === undefined) return;
    if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
    addKernels(loadKernels(native.addon, kernels));
  },
  keeps: (node) => keeps(node),
  query: supportOf,
  compile(model, config, { signal, paced: pace }): Awaitable<DeviceModel> {
    const native = loadNative();
    if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
    const { addon } = native;
    if (dependsOnInputs(model)) return specialised(addon, model, config);
    const planned = planning(addon, model, config);
    return pace ? paced(planned, signal, pace) : atOnce(planned);
  },
  load(blob, config): LoadedModel {
    const native = loadNative();
    if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
    const { isa, block } = native.addon.info();
    const { texts, compiled } = readBlob(blob, version, { name: isa, block });
    const made =
      'model' in compiled
        ? specialised(native.addon, compiled.model, config)
        : new CpuModel(native.addon, storedSource(compiled, blob, texts), config, texts);
    let ports: Model | undefined;
    return {
      // A cache, where the model is known, does not ask for them.
      get ports() {
        return (ports ??= portModel(texts));
      },
      compiled: made,
    };
  },
  digest,
  digestLater,
  digestFile,
  mapped,
  costs: () => costs.device,
  optimalBatch: (model) => optimalBatch(model, costs.device),
});

export default cpu;
