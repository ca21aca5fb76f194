/** @file Device MINE: a plugin of a third party, written against the contract alone. It computes truly, and fails as it is told to. */
import { after, CuveeError, Literal, paced, requireSupport, supportBy } from '@cuvee/core';
import type { Config, DeviceModel, DevicePlugin, DeviceRequest, Node, Property, PropertyTable, PropertyValue, Steps } from '@cuvee/core';

const base = { type: 'float', mutability: 'RW', default: 0 } as const;
const row = (kind: Partial<Property>, description: string): Property => ({ ...base, ...kind, description });
const live = { live: true, min: 0 };
const properties: PropertyTable = {
  KERNELS: row({ type: 'text', default: 'CPU' }, 'Device whose kernels compute'),
  COMPILE_TIME: row({ min: 0 }, 'Milliseconds that compiling takes, beside what it takes anyway'),
  RUN_TIME: row(live, 'Milliseconds that each inference takes, beside what it takes anyway'),
  BUSY_SHARE: row({ ...live, max: 1 }, 'Share of those milliseconds that are computed instead of waited'),
  STREAMS: row({ type: 'int', min: 1, default: 1 }, 'Inferences of a model at the same time; others wait for their turn'),
  ASYNC_ONLY: row({ type: 'bool', default: false }, 'Answer by promises only'),
  FAIL_AFTER: row({ ...live, type: 'int', min: -1, default: -1 }, 'Inferences of a model that go well before the first fails; -1: all'),
  FAIL_COUNT: row({ ...live, type: 'int' }, 'Inferences that fail then; 0: all that follow'),
  FAIL_RATE: row({ ...live, max: 1 }, 'Share of inferences that fail at random'),
  FAILURE: row({ ...live, type: 'enum', words: ['LOST', 'ERROR', 'HANG'], default: 'LOST' }, 'What a failure is; an abort ends HANG'),
  RETURN_AFTER: row(live, 'Milliseconds for which a lost device stays away'),
  MEMORY_LIMIT: row({ type: 'int', min: 0 }, 'Bytes that the constants of all models on the device may take; 0: any'),
  REFUSES: row({ type: 'texts', default: [] }, 'Operations that are not supported'),
  SUPPORTED_SHARE: row({ min: 0, max: 1, default: 1 }, 'Share that is supported, chosen by SEED'),
  SUPPORT_BY: row({ type: 'enum', words: ['OPERATION', 'NODE'], default: 'OPERATION' }, 'What SUPPORTED_SHARE is a share of'),
  SEED: row({ type: 'int', default: 1 }, 'Of all that is chosen at random'),
};
const knob = (config: Config, name: string): PropertyValue => config[name] ?? (properties[name]?.default as PropertyValue);

// A number in [0, 1) that follows from SEED and a text.
function chance(config: Config, text: string): number {
  let h = Number(knob(config, 'SEED'));
  for (const letter of text) h = (h * 31 + letter.charCodeAt(0)) % 2147483647;
  return Math.abs(Math.sin(h + 1) * 1e4) % 1;
}
/** Why a node cannot run here, or undefined. What reads a state and what assigns it share their fate. */
function refusal({ name, op, attributes, origin }: Node, config: Config): string | undefined {
  if (['Parameter', 'Constant', 'Result'].includes(op.name)) return undefined;
  if ((knob(config, 'REFUSES') as readonly string[]).includes(op.name)) return `${op.name} is among REFUSES`;
  const state = attributes.variable_id as string | undefined;
  const chosen = knob(config, 'SUPPORT_BY') === 'NODE' ? (state ?? origin[0] ?? name) : state === undefined ? op.name : 'ReadValue';
  return chance(config, chosen) < Number(knob(config, 'SUPPORTED_SHARE')) ? undefined : `"${chosen}" is outside SUPPORTED_SHARE`;
}

/** Resolves after so many milliseconds, never for Infinity; rejects with the signal's reason. */
const sleep = (milliseconds: number, signal?: AbortSignal, settled?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    if (!(milliseconds > 0)) return resolve();
    const timer = Number.isFinite(milliseconds) ? setTimeout(resolve, milliseconds) : undefined;
    signal?.addEventListener('abort', () => reject((clearTimeout(timer), signal.reason)), { once: true, signal: settled });
  });

/** Milliseconds of which a share is computed: never ends for Infinity. */
async function spend(milliseconds: number, share: number, signal?: AbortSignal, pace: boolean | number = true): Promise<void> {
  await sleep(milliseconds * (1 - share), signal);
  await paced(busy(milliseconds * share), signal, pace);
}
function* busy(milliseconds: number): Steps<void> {
  for (const until = performance.now() + milliseconds; performance.now() < until; ) yield;
}
const hold = (milliseconds: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/** The device as it stands: models with the bytes of their constants, requests, inferences begun. Tests may set `lostUntil`. */
export const newWorld = () => ({ lostUntil: 0, models: new Map<DeviceModel, number>(), requests: new Set<DeviceRequest>(), runs: 0 });

/** `new Core({ plugins: [mine(), cpu()] })`. `more`: what else a plugin may have; without `keeps` it gets primitives. */
export function mine(name = 'MINE', world = newWorld(), more: Partial<DevicePlugin> = {}): DevicePlugin {
  const isLost = (): boolean => performance.now() < world.lostUntil;
  const stay = (): void => {
    if (isLost()) throw new CuveeError('DEVICE_LOST', `device ${name} is gone`);
  };
  const kernels = (config: Config): string => String(knob(config, 'KERNELS'));
  /** `inner`: the model on the device whose kernels compute. */
  function place(inner: DeviceModel, given: Config, bytes: number): DeviceModel {
    let [config, count, turn] = [given, 0, 0];
    const number = (property: string): number => Number(knob(config, property));
    const lanes = Array.from({ length: number('STREAMS') }, () => Promise.resolve());
    /** Milliseconds that the next inference waits, which may be for ever. Throws what it fails with. */
    function begin(): number {
      stay();
      world.runs++;
      const late = count++ - number('FAIL_AFTER');
      const due = number('FAIL_AFTER') >= 0 && late >= 0 && late < (number('FAIL_COUNT') || Number.POSITIVE_INFINITY);
      if (!due && chance(config, `run ${count}`) >= number('FAIL_RATE')) return number('RUN_TIME');
      if (knob(config, 'FAILURE') === 'HANG') return Number.POSITIVE_INFINITY;
      if (knob(config, 'FAILURE') === 'ERROR') throw new CuveeError('INTERNAL', `device ${name} fails inference ${count} as it is told to`);
      world.lostUntil = performance.now() + number('RETURN_AFTER');
      throw new CuveeError('DEVICE_LOST', `device ${name} is lost in inference ${count}`);
    }
    function createRequest(): DeviceRequest {
      const below = inner.createRequest();
      const runSync: NonNullable<DeviceRequest['runSync']> = (inputs, outputs) => {
        hold(begin());
        return (below.runSync as typeof runSync)(inputs, outputs);
      };
      const work: DeviceRequest['run'] = async (inputs, outputs, options) => {
        await spend(begin(), number('BUSY_SHARE'), options.signal);
        const results = await below.run(inputs, outputs, options);
        stay();
        return results;
      };
      const request: DeviceRequest = {
        run(inputs, outputs, options) {
          const [lane, settled] = [turn++ % lanes.length, new AbortController()];
          const before = lanes[lane];
          const free = Promise.race([before, sleep(Number.POSITIVE_INFINITY, options.signal, settled.signal)]);
          const run = free.then(() => (settled.abort(), work(inputs, outputs, options)));
          lanes[lane] = Promise.allSettled([before, run]).then(() => undefined);
          return run;
        },
        ...(!knob(config, 'ASYNC_ONLY') && { runSync }),
        states: below.states ?? [],
        release: () => (world.requests.delete(request), below.release()),
      };
      world.requests.add(request);
      return request;
    }
    const model: DeviceModel = {
      createRequest,
      info: { optimalRequests: lanes.length, executionDevices: [name] },
      set: (changed) => void (config = { ...config, ...changed }),
      release: () => (world.models.delete(model), inner.release()),
    };
    world.models.set(model, bytes);
    return model;
  }
  return {
    name,
    version: '0.1.0',
    properties,
    devices: () => [isLost() ? { id: '', absent: 'it was lost, and may return' } : { id: '', fullName: 'Device of a third party' }],
    query(model, config, { host }) {
      const asked = after(knob(config, 'ASYNC_ONLY') ? sleep(0) : undefined, () => host.query(model, kernels(config), {}));
      return after(asked, (below) => supportBy(model, (node) => refusal(node, config) ?? below.get(node)));
    },
    compile(model, config, { host, signal, paced: pace }) {
      stay();
      requireSupport(name, model, (node) => refusal(node, config));
      const bytes = model.nodes().reduce((sum, { attributes: { value } }) => sum + (value instanceof Literal ? value.byteLength : 0), 0);
      const left = Number(knob(config, 'MEMORY_LIMIT')) - [...world.models.values()].reduce((sum, n) => sum + n, 0);
      if (knob(config, 'MEMORY_LIMIT') !== 0 && bytes > left)
        throw new CuveeError('OUT_OF_MEMORY', `device ${name}: the constants take ${bytes} bytes, ${left} are left`);
      const time = Number(knob(config, 'COMPILE_TIME'));
      const slow = pace || knob(config, 'ASYNC_ONLY') ? spend(time, Number(knob(config, 'BUSY_SHARE')), signal, pace) : void hold(time);
      const inner = after(slow, () => (stay(), host.compile(model, kernels(config), {}, { signal, paced: pace })));
      return after(inner, (compiled) => place(compiled, config, bytes));
    },
    ...more,
  };
}
export default mine;
