/** A device that keeps the whole contract, and the hooks by which others break one rule of it each. */
import {
  Core,
  CuveeError,
  portsOf,
  readIr,
  writeIr,
  type CompiledModel,
  type DeviceModel,
  type DevicePlugin,
  type DeviceRequest,
  type InferRequest,
  type Model,
} from '@cuvee/core';
import { reference } from '@cuvee/plugin-reference';

const checksum = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 7);
const header = 12;

/** XML and weights of a model with their lengths and a checksum in front. */
function pack(model: Model): Uint8Array {
  const { xml, weights } = writeIr(model);
  const body = Buffer.concat([Buffer.from(xml), ...weights]);
  const head = new DataView(new ArrayBuffer(header));
  [0x534f554e, Buffer.byteLength(xml), checksum(body)].forEach((word, i) => head.setInt32(4 * i, word));
  return Buffer.concat([Buffer.from(head.buffer), body]);
}
export function unpack(blob: Uint8Array, strict = true): Model {
  const body = blob.subarray(header);
  const word = (i: number): number => new DataView(blob.buffer, blob.byteOffset, blob.byteLength).getInt32(4 * i);
  if (blob.length < header || (strict && (word(0) !== 0x534f554e || word(2) !== checksum(body))))
    throw new CuveeError('MODEL_INVALID', 'this is no blob of device SOUND');
  return readIr({ bytes: body.subarray(0, word(1)), weights: { kind: 'bytes', bytes: body.subarray(word(1)) } });
}

export const sound = (): DevicePlugin => {
  const below = reference();
  const plugin: DevicePlugin = {
    ...below,
    name: 'SOUND',
    properties: { LEVEL: { type: 'int', mutability: 'RW', min: 0, max: 9, default: 1, live: true, description: 'A number' } },
    compile(model, config, options) {
      const inner = below.compile(model, config, options) as DeviceModel;
      return {
        info: { ...inner.info, executionDevices: ['SOUND'], properties: { LEVEL: config.LEVEL ?? 1 } },
        createRequest: () => inner.createRequest(),
        save: () => [pack(model)],
        explain: () => ({ summary: { device: 'SOUND' }, rows: [{ nodes: model.nodes().length }] }),
        release: () => inner.release(),
      };
    },
    load(blob, config, options) {
      const model = unpack(blob);
      return { ports: portsOf(model), compiled: plugin.compile(model, config, options) as DeviceModel };
    },
  };
  return plugin;
};

/** What is wrong with a device, or with the core that it is in. */
export interface Broken {
  readonly plugin?: (sound: DevicePlugin) => DevicePlugin;
  readonly core?: (core: Core) => void;
}
export const makeCore = ({ plugin = (p) => p, core: change }: Broken = {}): Core => {
  const core = new Core({ plugins: [plugin(sound())], frontends: [] });
  change?.(core);
  return core;
};

/** With other members. */
export const wrong = (members: Partial<DevicePlugin>): Broken => ({
  plugin: (p) => Object.assign(Object.create(p) as DevicePlugin, p, members),
});
/** With another compiled model. */
export const wrongModel = (
  change: (made: DeviceModel, model: Model, config: Readonly<Record<string, unknown>>) => Partial<DeviceModel>,
): Broken => ({
  plugin: (p) => ({
    ...p,
    compile: async (model, config, options) => {
      const made = await p.compile(model, config, options);
      return { ...made, ...change(made, model, config) };
    },
  }),
});
/** With other requests. */
export const wrongRequest = (change: (request: DeviceRequest, model: Model) => Partial<DeviceRequest>): Broken =>
  wrongModel((made, model) => ({
    createRequest() {
      const request = made.createRequest();
      return {
        run: (...given) => request.run(...given),
        runSync: (...given) => (request.runSync as NonNullable<DeviceRequest['runSync']>)(...given),
        states: request.states ?? [],
        profile: () => request.profile?.() ?? [],
        release: () => request.release(),
        ...change(request, model),
      };
    },
  }));
/** With another way to run, on the calling thread and beside it. */
export const wrongRun = (change: (run: DeviceRequest['run'], model: Model) => DeviceRequest['run']): Broken =>
  wrongRequest((request, model) => ({ run: change((...given) => request.run(...given), model) }));

/** With other users' classes: what core itself promises. */
export const wrongCompiled = (change: (compiled: CompiledModel) => void): Broken => ({
  core(core) {
    const compile = core.compileModel.bind(core);
    core.compileModel = async (...given: Parameters<Core['compileModel']>) => {
      const compiled = await compile(...given);
      change(compiled);
      return compiled;
    };
  },
});
export const wrongInfer = (change: (request: InferRequest) => void): Broken =>
  wrongCompiled((compiled) => {
    const create = compiled.createInferRequest.bind(compiled);
    compiled.createInferRequest = () => {
      const request = create();
      change(request);
      return request;
    };
  });
