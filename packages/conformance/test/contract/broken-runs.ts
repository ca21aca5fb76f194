/** Devices that break what the contract says of inferences: requests, outputs, shapes, states, stops, errors, memory. */
import { CuveeError, Tensor, type DeviceRequest } from '@cuvee/core';
import { spent } from '../../src/contract/check.js';
import { wrongInfer, wrongModel, wrongRequest, wrongRun, type Broken } from './sound.js';

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** So many milliseconds of processor time, however busy the machine is. */
const burn = (milliseconds: number): void => {
  for (const until = spent() + milliseconds; spent() < until; );
};
const leaks: unknown[] = [];
const leak = (): void => void leaks.push(new Float32Array(2 ** 17).fill(1));
/** What leaked is garbage from now on. */
export const forget = (): void => void leaks.splice(0);
const like = (t: Tensor, data = t.data, shape = t.shape): Tensor => new Tensor(t.type, shape, data);
type Run = DeviceRequest['run'];

/** Once a run fails, every other of the device does. */
function poisoned(): Broken {
  let dead = false;
  return wrongRun((run) => async (...given) => {
    if (dead) throw new Error('dead');
    try {
      return await run(...given);
    } catch (error) {
      dead = true;
      throw error;
    }
  });
}
/** Runs with what `share` keeps for all requests. */
const shared = (
  share: (run: Run, state: { last?: Run | undefined; tensors?: readonly Tensor[] | undefined; running: number }) => Run,
): Broken => {
  const state = { running: 0 };
  return wrongRun((run) => share(run, state));
};

export const brokenRuns: Readonly<Record<string, Broken>> = {
  'requests/again': wrongRun((run) => {
    let first: Promise<readonly Tensor[]> | undefined;
    return (...given) => (first ??= run(...given));
  }),
  'requests/together': shared((run, state) => async (inputs, outputs, options) => {
    state.tensors = inputs;
    await sleep(1);
    return run(state.tensors, outputs, options);
  }),
  'requests/models': shared((run, state) => {
    state.last ??= run;
    return (...given) => (state.last as Run)(...given);
  }),
  'requests/order': wrongRun((run) => async (inputs, outputs, options) => [...(await run(inputs, outputs, options))].reverse()),
  'requests/sync': wrongRequest((request) => ({
    runSync: (...given) => (request.runSync as NonNullable<DeviceRequest['runSync']>)(...given).map((t) => new Tensor(t.type, t.shape)),
  })),
  'requests/busy': wrongInfer((request) => {
    request.startAsync = () => undefined;
  }),
  'requests/told': wrongInfer((request) => {
    request.wait = () => Promise.resolve(undefined);
  }),
  'requests/inputs': wrongRun((run) => async (inputs, outputs, options) => {
    const results = await run(inputs, outputs, options);
    for (const t of inputs) (t.data as Float32Array).fill(0);
    return results;
  }),

  'outputs/given': wrongRun(
    (run) => (inputs, outputs, options) =>
      run(
        inputs,
        outputs.map(() => undefined),
        options,
      ),
  ),
  'outputs/givenSync': wrongRequest((request) => ({
    runSync: (inputs, outputs) =>
      (request.runSync as NonNullable<DeviceRequest['runSync']>)(
        inputs,
        outputs.map(() => undefined),
      ),
  })),
  'outputs/misfit': wrongRun((run) => async (inputs, outputs, options) => {
    const results = await run(
      inputs,
      outputs.map(() => undefined),
      options,
    );
    return results.map((t, i) => {
      const given = outputs[i];
      if (given) given.data = t.data;
      return given ?? t;
    });
  }),
  'outputs/valid': shared((run, state) => async (inputs, outputs, options) => {
    const results = await run(inputs, outputs, options);
    state.tensors ??= results.map(() => new Tensor('f32', [4096]));
    return results.map((t, i) => {
      const memory = state.tensors?.[i]?.data as Float32Array;
      memory.set(t.data as Float32Array);
      return like(t, memory.subarray(0, t.size));
    });
  }),
  'outputs/apart': wrongRun((run, model) => async (inputs, outputs, options) => {
    const results = await run(inputs, outputs, options);
    return results.map((t, i) => (model.results[i]?.input(0).node.op.name === 'Parameter' ? (inputs[0] as Tensor) : t));
  }),
  'outputs/chained': wrongRun((run) => {
    let last: readonly Tensor[] = [];
    return async (...given) => {
      for (const t of last) (t.data as Float32Array).fill(0);
      return (last = await run(...given));
    };
  }),

  'shapes/dynamic': wrongRun((run) => {
    let size: number | undefined;
    return async (inputs, outputs, options) => {
      size ??= inputs[0]?.size;
      if (inputs[0]?.size !== size) throw new Error('another size');
      return run(inputs, outputs, options);
    };
  }),
  'shapes/zero': wrongRun((run) => async (inputs, outputs, options) => {
    if (inputs.some((t) => t.size === 0)) throw new Error('nothing to do');
    return run(inputs, outputs, options);
  }),
  'shapes/scalar': wrongRun(
    (run) =>
      async (...given) =>
        (await run(...given)).map((t) => (t.shape.length === 0 ? like(t, t.data, [1]) : t)),
  ),
  'shapes/ranged': wrongRun(
    (run) =>
      async (...given) =>
        (await run(...given)).map((t) => like(t, t.data, [t.size])),
  ),
  'shapes/data': wrongRun((run, model) => async (...given) => {
    const results = await run(...given);
    return model.nodes().some((n) => n.op.name === 'NonZero') ? results.map((t) => new Tensor(t.type, [1, 1])) : results;
  }),
  'shapes/types': wrongRun(
    (run) =>
      async (...given) =>
        (await run(...given)).map((t) => Tensor.from('f32', t.shape, t.values())),
  ),
  'shapes/disagreeing': poisoned(),

  'states/kept': wrongRequest((request) => ({
    run: (...given) => {
      for (const state of request.states ?? []) state.reset();
      return request.run(...given);
    },
  })),
  'states/own': wrongModel((made) => {
    const one = made.createRequest();
    return { createRequest: () => one };
  }),
  'states/touched': wrongRequest((request) => ({
    states: (request.states ?? []).map((s) => ({ name: s.name, get: () => s.get(), set: () => undefined, reset: () => s.reset() })),
  })),
  'states/initial': wrongRequest((request) => ({
    states: (request.states ?? []).map((s) => ({ name: s.name, get: () => s.get(), set: (v) => s.set(v), reset: () => undefined })),
  })),
  'states/none': wrongRequest(() => ({
    states: [{ name: 'ghost', get: () => new Tensor('f32', []), set: () => undefined, reset: () => undefined }],
  })),

  'stops/cancel': wrongRun((run) => (inputs, outputs) => run(inputs, outputs, {})),
  'stops/abort': wrongRun((run) => (inputs, outputs) => run(inputs, outputs, {})),
  'stops/late': wrongInfer((request) => {
    const infer = request.inferAsync.bind(request);
    request.inferAsync = (inputs, options) => {
      options?.signal?.addEventListener('abort', () => request.release());
      return infer(inputs, options);
    };
  }),
  'stops/others': (() => {
    const all = new AbortController();
    return wrongRun((run) => (inputs, outputs, { signal }) => {
      signal?.addEventListener('abort', () => all.abort(new Error('all of them')));
      return run(inputs, outputs, { signal: all.signal });
    });
  })(),
  'stops/behind': wrongRun((run) => (inputs, outputs, options) => {
    if (options.behind) throw new CuveeError('INTERNAL', 'nobody waits');
    return run(inputs, outputs, options);
  }),
  'stops/profile': wrongRequest((request) => ({ profile: () => (request.profile?.() ?? []).map((row) => ({ ...row, name: '' })) })),
  'stops/compiling': {
    plugin: (p) => ({
      ...p,
      async compile(model, config, { host }) {
        await sleep(400);
        return p.compile(model, config, { host });
      },
    }),
  },
  'stops/breathing': {
    plugin: (p) => ({
      ...p,
      async compile(model, config, options) {
        burn(250);
        return p.compile(model, config, options);
      },
    }),
  },
  'stops/running': wrongRequest((request) => ({
    run: async (inputs, outputs) => (request.runSync as NonNullable<DeviceRequest['runSync']>)(inputs, outputs),
  })),
  'stops/beside': shared((run, state) => async (...given) => {
    if (state.running > 0) throw new CuveeError('BUSY', 'one at a time');
    state.running++;
    return run(...given).finally(() => state.running--);
  }),

  'errors/arguments': wrongInfer((request) => {
    const infer = request.inferAsync.bind(request);
    request.inferAsync = async (...given) => {
      try {
        return await infer(...given);
      } catch {
        return {};
      }
    };
  }),
  'errors/during': poisoned(),
  'errors/named': wrongInfer((request) => {
    const infer = request.inferAsync.bind(request);
    request.inferAsync = (...given) => infer(...given).catch(() => Promise.reject(new CuveeError('INTERNAL', 'it failed')));
  }),
  'errors/absent': {
    core(core) {
      const compile = core.compileModel.bind(core);
      core.compileModel = (model, device, ...rest) =>
        device.startsWith('NO_') ? Promise.reject(new Error('no')) : compile(model, device, ...rest);
    },
  },
  'errors/storm': poisoned(),

  'memory/models': {
    plugin: (p) => ({
      ...p,
      compile(model, config, options) {
        leak();
        return p.compile(model, config, options);
      },
    }),
  },
  'memory/requests': wrongRequest(() => {
    leak();
    return {};
  }),
  'memory/sizes': wrongRun((run) => (...given) => {
    leak();
    return run(...given);
  }),
  'memory/failures': wrongRun((run) => (inputs, outputs, options) => {
    options.signal?.addEventListener('abort', leak);
    return run(inputs, outputs, options);
  }),
};
