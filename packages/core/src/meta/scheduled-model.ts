/** @file A compiled model over several devices, and what it says of itself. */
import type { DeviceModel, Explanation } from '../device/contract.js';
import type { Config } from '../device/properties.js';
import { loadedFromCache } from '../runtime/cache.js';
import type { Branch } from './branch.js';
import { passThrough } from './pass-through.js';
import { ScheduledRequest } from './scheduled-request.js';
import type { Scheduler } from './scheduler.js';

/** Words for the states of a branch. */
const words = { standby: 'in reserve', compiling: 'compiling', ready: 'serves', lost: 'lost', refused: 'left out' } as const;

/** One line about each device: what became of it and why. */
export const story = (branch: Branch): string => `${words[branch.state]}: ${[branch.because, branch.story].filter(Boolean).join('; ')}`;

/**
 * What a meta-device did with a model: `summary` has the whole, `rows` the devices with their shares. `more`: what else it decided.
 */
export function explainBranches(by: string, branches: readonly Branch[], more: Explanation['summary'] = {}): Explanation {
  const total = branches.reduce((n, b) => n + b.served, 0);
  return {
    summary: { device: by, ...more, inferences: total, ...Object.fromEntries(branches.map((b) => [b.device, story(b)])) },
    rows: branches.map((b) => ({
      device: b.device,
      state: words[b.state],
      requests: Number.isFinite(b.workers) ? b.workers : '',
      inferences: b.served,
      'share %': total === 0 ? 0 : Math.round((b.served / total) * 100),
      'mean ms': b.served === 0 ? '' : Number((b.milliseconds / b.served).toFixed(3)),
      'busy %': Math.round(b.load.share * 100),
      losses: b.losses,
      place: b.because,
      why: b.story,
    })),
  };
}

/** How a meta-device hands its scheduler out. */
export interface ScheduledModelOptions {
  /** Properties in force, beside those of the device that serves. */
  readonly properties: Config;
  /** What else it says of itself. */
  readonly decided: Explanation['summary'];
  /** Told when the model is released. */
  readonly released?: (() => void) | undefined;
}

/** The model over a scheduler that was started; with one device left that nothing limits, that device's own. */
export function scheduledModel(scheduler: Scheduler, { properties, decided, released }: ScheduledModelOptions): DeviceModel {
  const { supply, options } = scheduler;
  const { sole } = supply;
  if (sole) {
    const summary = { device: options.by, ...decided, ...Object.fromEntries(options.branches.map((b) => [b.device, story(b)])) };
    return passThrough(sole.yieldModel(), { device: sole.device, properties, decided: () => summary, released });
  }
  let known: readonly string[] = [];
  let requests = 1;
  const serving = (): readonly Branch[] => (options.spread ? supply.ready : supply.ready.slice(0, 1));
  return {
    createRequest: () => new ScheduledRequest(scheduler),
    info: {
      get optimalRequests() {
        const each = serving().map((b) => (Number.isFinite(b.workers) ? b.workers : (b.model?.info.optimalRequests ?? 1)));
        if (each.length > 0) requests = each.reduce((a, b) => a + b, 0);
        return requests;
      },
      /** Those that serve now; where all are lost, those that served last. */
      get executionDevices() {
        const devices = serving().flatMap((b) => [...(b.model?.info.executionDevices ?? [])]);
        if (devices.length > 0) known = [...new Set(devices)];
        return known;
      },
      get properties() {
        const model = serving()[0]?.model;
        return { LOADED_FROM_CACHE: model !== undefined && loadedFromCache(model), ...model?.info.properties, ...properties };
      },
    },
    explain: () => explainBranches(options.by, options.branches, { ...decided, waiting: scheduler.waiting }),
    release() {
      scheduler.release();
      released?.();
    },
  };
}
