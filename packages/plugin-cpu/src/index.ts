/** @file Device CPU: TypeScript compiles a model to a Plan, native code runs it. */
import { cpus } from 'node:os';
import { CuveeError, portTexts, type DeviceModel, type DevicePlugin, type LoadedModel, type Model, type Support } from '@cuvee/core';
import { compile, refusal } from './compile/compile.js';
import { keeps } from './compile/keeps.js';
import { CpuModel, infoOf } from './model.js';
import { addKernels } from './lower/custom.js';
import { loadKernels, loadNative } from './native.js';
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
        fullName: cpus()[0]?.model.trim() ?? 'CPU',
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
  compile(model, config): DeviceModel {
    const native = loadNative();
    if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
    const { isa, block } = native.addon.info();
    const planned = (own: Model): CpuModel => {
      const ports = portTexts(own);
      return new CpuModel(native.addon, compile(own, { name: isa, block }), config, ports);
    };
    return dependsOnInputs(model) ? new SpecialisedModel(model, infoOf(native.addon, config), planned) : planned(model);
  },
  load(blob, config): LoadedModel {
    const native = loadNative();
    if ('absent' in native) throw new CuveeError('PLUGIN_LOAD_FAILED', native.absent);
    const { isa, block } = native.addon.info();
    const { ports, compiled } = readBlob(blob, version, { name: isa, block });
    return { ports, compiled: new CpuModel(native.addon, compiled, config, portTexts(ports)) };
  },
  costs: () => ({ transferBytesPerSecond: Number.POSITIVE_INFINITY, launchSeconds: 1e-5, flopsPerSecond: 1e11 }),
});

export default cpu;
