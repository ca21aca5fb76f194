/** @file Device CPU: TypeScript compiles a model to a Plan, native code runs it. */
import { cpus } from 'node:os';
import {
  atOnce,
  CuveeError,
  paced,
  portTexts,
  type Awaitable,
  type DeviceModel,
  type DevicePlugin,
  type LoadedModel,
  type Model,
  type Steps,
  type Support,
} from '@cuvee/core';
import { compiling, refusal } from './compile/compile.js';
import { keeps } from './compile/keeps.js';
import { CpuModel, infoOf } from './model.js';
import { addKernels } from './lower/custom.js';
import { loadKernels, loadNative } from './native.js';
import { encodePlan, encodingPlan } from './plan/encode.js';
import { properties } from './properties.js';
import { readBlob } from './blob.js';
import { dependsOnInputs, SpecialisedModel } from './specialised.js';
import { version } from './version.js';

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
          return cpus()[0]?.model.trim() ?? 'CPU';
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
  keeps,
  query: (model): Support => new Map(model.nodes().map((node) => [node, refusal(node) ?? true])),
  compile(model, config, { signal, paced: pace }): Awaitable<DeviceModel> {
    const native = loadNative();
    if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
    const { addon } = native;
    const { isa, block } = addon.info();
    function* planning(own: Model): Steps<CpuModel> {
      const ports = portTexts(own);
      const compiled = yield* compiling(own, { name: isa, block });
      const encoded = yield* encodingPlan(compiled.plan);
      yield;
      return new CpuModel(addon, compiled, encoded, config, ports);
    }
    if (dependsOnInputs(model)) return new SpecialisedModel(model, infoOf(addon, config), (own) => atOnce(planning(own)));
    return pace ? paced(planning(model), signal) : atOnce(planning(model));
  },
  load(blob, config): LoadedModel {
    const native = loadNative();
    if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
    const { isa, block } = native.addon.info();
    const { ports, compiled } = readBlob(blob, version, { name: isa, block });
    return { ports, compiled: new CpuModel(native.addon, compiled, encodePlan(compiled.plan), config, portTexts(ports)) };
  },
  costs: () => ({ transferBytesPerSecond: Number.POSITIVE_INFINITY, launchSeconds: 1e-5, flopsPerSecond: 1e11 }),
});

export default cpu;
