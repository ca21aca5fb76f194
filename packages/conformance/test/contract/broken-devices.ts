/** Devices (or cores) that break what the contract says of plugins, properties, support, lifetimes and what is kept. */
import { CuveeError, portsOf, type Core, type DeviceModel } from '@cuvee/core';
import { parabola, weighted } from '../../src/contract/models.js';
import { sound, unpack, wrong, wrongCompiled, wrongInfer, wrongModel, wrongRequest, wrongRun, type Broken } from './sound.js';

let turn = 0;
const int = { type: 'int', mutability: 'RW', description: 'A number' } as const;
const swallow = (core: Core): void => {
  core.setProperty = () => undefined;
};

export const brokenDevices: Readonly<Record<string, Broken>> = {
  'devices/named': wrong({ version: '' }),
  'devices/reported': wrong({ devices: () => [{ id: '', fullName: '' }] }),
  'devices/addressed': {
    plugin: (p) => ({
      ...p,
      devices: () => ['0', '1'].map((id) => ({ id, fullName: id })),
      compile: (model, config, options) => {
        if (config.DEVICE_ID === '1') throw new CuveeError('INTERNAL', 'there is only one');
        return p.compile(model, config, options);
      },
    }),
  },
  'devices/listed': wrong({ devices: () => ['', ''].map((id) => ({ id, fullName: 'twice' })) }),
  'devices/described': wrong({ devices: () => [{ id: '', absent: 'never there' }] }),
  'devices/costs': wrong({ costs: () => ({ transferBytesPerSecond: 0, launchSeconds: -1, flopsPerSecond: 1 }) }),
  'devices/load': {
    core(core) {
      const register = core.registerPlugin.bind(core);
      core.registerPlugin = (p) =>
        register({
          ...p,
          compile: (model, config, options) => p.compile(model, config, { ...options, host: { ...options.host, load: () => 2 } }),
        });
    },
  },

  'properties/table': wrong({ properties: { LEVEL: { ...int, min: 3, default: 1 } } }),
  'properties/listed': wrongTable(() => ({ [`LEVEL${turn++}`]: { ...int, default: 1 } })),
  'properties/read': wrongTable(() => ({ LEVEL: { ...int, default: turn++ } })),
  'properties/write': {
    plugin: (p) => ({
      ...p,
      compile(model, config, options) {
        if (config.LEVEL !== undefined) throw new CuveeError('PROPERTY_INVALID', 'LEVEL is none of mine');
        return p.compile(model, config, options);
      },
    }),
  },
  'properties/unknown': { core: swallow },
  'properties/invalid': { core: swallow },
  'properties/precedence': wrongModel((made) => ({ info: { ...made.info, properties: { LEVEL: turn++ % 9 } } })),
  'properties/live': wrongModel(() => ({
    set() {
      throw new CuveeError('PROPERTY_INVALID', 'nothing changes');
    },
  })),
  'properties/compiled': wrongModel((made) => ({ info: { ...made.info, optimalRequests: 0 } })),

  'support/complete': wrong({
    query: (model) =>
      new Map(
        model
          .nodes()
          .slice(1)
          .map((node) => [node, true]),
      ),
  }),
  'support/kept': wrong({ query: (model) => new Map(model.nodes().map((node) => [node, true])) }),
  'support/refused': wrong({
    compile: () => {
      throw new CuveeError('MODEL_UNSUPPORTED', 'something is not supported');
    },
  }),
  'support/repeated': wrong({ query: (model) => new Map(model.nodes().map((node) => [node, turn++ % 2 === 0 ? true : 'not today'])) }),
  'support/copied': {
    core(core) {
      const compile = core.compileModel.bind(core);
      core.compileModel = (...given: Parameters<Core['compileModel']>) => {
        const made = compile(...given);
        (given[0] as { friendlyName: string; reshape(shape: string): void }).reshape?.('9');
        return made;
      };
    },
  },
  'support/extended': wrong({
    keeps: () => true,
    compile: () => Promise.reject(new CuveeError('MODEL_UNSUPPORTED', 'an operation that has no kernel')),
  }),
  'support/atOnce': {
    core(core) {
      core.compileModelSync = () => {
        throw new Error('not today');
      };
    },
  },
  'support/edges': wrongRun((run, model) => async (inputs, outputs, options) => {
    if (model.parameters.length === 0) throw new Error('a model has inputs');
    return run(inputs, outputs, options);
  }),

  'lifetimes/twice': wrongModel((made) => {
    let released = false;
    return {
      release() {
        if (released) throw new Error('released twice');
        released = true;
        made.release();
      },
    };
  }),
  'lifetimes/request': wrongInfer((request) => {
    request.release = () => undefined;
  }),
  'lifetimes/model': wrongCompiled((compiled) => {
    compiled.release = () => undefined;
  }),
  'lifetimes/pending': (() => {
    const gone = new AbortController();
    return {
      plugin: (p) => ({
        ...p,
        async compile(model, config, options) {
          const made = await p.compile(model, config, options);
          return {
            ...made,
            createRequest() {
              const request = made.createRequest();
              return { run: (inputs, outputs) => request.run(inputs, outputs, { signal: gone.signal }), release: () => request.release() };
            },
            release: () => gone.abort(new Error('released')),
          };
        },
      }),
    };
  })(),
  'lifetimes/dropped': (() => {
    let gone = false;
    return wrongRequest((request) => ({
      run: (...given) => (gone ? Promise.reject(new Error('another one was released')) : request.run(...given)),
      release: () => {
        gone = true;
        request.release();
      },
    }));
  })(),
  'lifetimes/outlived': {
    core(core) {
      core.unloadPlugin = () => undefined;
    },
  },
  'lifetimes/explained': wrongModel(() => ({ explain: () => ({ summary: { device: { name: 'nested' } as never }, rows: [] }) })),
  'lifetimes/served': wrongRequest(() => ({ lastDevices: ['NO_SUCH_DEVICE'] })),

  'kept/none': { plugin: ({ load: _load, ...p }) => ({ ...wrongSave(p), load: (_blob, config, options) => loaded(p, config, options) }) },
  'kept/again': {
    plugin: (p) => ({
      ...p,
      load: async (blob, config, options) => {
        const { ports, compiled } = await (p.load as NonNullable<typeof p.load>)(blob, config, options);
        for (const result of ports.results) result.output.names = ['renamed'];
        return { ports, compiled };
      },
    }),
  },
  'kept/damaged': {
    plugin: (p) => ({
      ...p,
      load: async (blob, config, options) => {
        const model = unpack(blob, false);
        return { ports: portsOf(model), compiled: await p.compile(model, config, options) };
      },
    }),
  },
  'kept/cached': wrong({
    load: () => {
      throw new CuveeError('MODEL_INVALID', 'it was written by me, and I cannot read it');
    },
  }),
  'kept/looked': wrong({
    load: (_blob, config, options) => ({ ports: parabola(), compiled: sound().compile(weighted(4096, 9), config, options) as DeviceModel }),
  }),
  'kept/handed': wrong({
    load: (_blob, config, options) => ({ ports: parabola(), compiled: sound().compile(parabola(), config, options) as DeviceModel }),
  }),
  'kept/atOnce': wrongModel(() => ({ save: () => [Uint8Array.of(turn++ % 256)] })),
};

/** A table that is another one each time. */
function wrongTable(table: () => DevicePluginTable): Broken {
  return { plugin: (p) => Object.defineProperty({ ...p }, 'properties', { get: table }) };
}
type DevicePluginTable = Parameters<NonNullable<Broken['plugin']>>[0]['properties'];
type Plugin = Parameters<NonNullable<Broken['plugin']>>[0];

/** Without `save`. */
const wrongSave = (p: Plugin): Plugin => ({
  ...p,
  async compile(model, config, options) {
    const { save: _save, ...made } = await p.compile(model, config, options);
    return made;
  },
});
const loaded = async (p: Plugin, config: Parameters<Plugin['compile']>[1], options: Parameters<Plugin['compile']>[2]) => {
  return { ports: parabola(), compiled: await p.compile(parabola(), config, options) };
};
