/** @file A compiled model over several devices, and what it says of itself. */
import type { DeviceModel, Explanation } from '../device/contract.js';
import type { Config } from '../device/properties.js';
import { portTexts, type PortsText } from '../ir/ports.js';
import { loadedFromCache } from '../runtime/cache.js';
import { rankOf } from '../runtime/events.js';
import { PartialShape } from '../shape/partial-shape.js';
import type { Branch } from './branch.js';
import { saveForms, type Form, type Opened, type Origin } from './branches-blob.js';
import { passThrough } from './pass-through.js';
import { ScheduledRequest, type Foreseen } from './scheduled-request.js';
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
    diagram: {
      boxes: [
        { title: by, lines: [`${total} inferences`], group: '' },
        ...branches.map((b) => ({
          title: b.device,
          lines: [[words[b.state], b.because].filter(Boolean).join(': '), b.story],
          group: b.state === 'ready' ? b.device : '',
          tip: story(b),
        })),
      ],
      wires: branches.flatMap((b, i) => (b.state === 'ready' || b.served > 0 ? [{ from: 0, to: i + 1, label: `${b.served}` }] : [])),
    },
  };
}

/** How a meta-device hands its scheduler out. */
export interface ScheduledModelOptions {
  /** Properties in force, beside those of the device that serves. */
  readonly properties: Config;
  /** What else it says of itself. */
  readonly decided: Explanation['summary'];
  /** What an export is made of, or the blob that the model was read from. */
  readonly origin: Origin | Pick<Opened, 'save' | 'ports'>;
  /** Told when the model is released. */
  readonly released?: (() => void) | undefined;
}

/** The model over a scheduler that was started; with one device left that nothing limits, that device's own. */
export const scheduledModel = (scheduler: Scheduler, options: ScheduledModelOptions): DeviceModel =>
  scheduler.supply.sole ? passed(scheduler, scheduler.supply.sole, options) : scheduled(scheduler, options);

/** Apart, so that nothing of what was compiled holds the scheduler, and with it the graph. */
function passed({ options: { by, branches } }: Scheduler, sole: Branch, options: ScheduledModelOptions): DeviceModel {
  const { origin, decided, ...others } = options;
  const inner = sole.yieldModel();
  const { device } = sole;
  const summary = { device: by, ...decided, ...Object.fromEntries(branches.map((b) => [b.device, story(b)])) };
  const save =
    'save' in origin ? origin.save : saverOf([{ device, compiled: inner }], { ...origin, ...(inner.save && { model: undefined }) });
  return passThrough(inner, { ...others, device, decided: summary, save });
}
/** Outputs whose shapes do not depend on the inputs; strings have no memory that a device could write into. */
const foreseenIn = ({ outputs }: PortsText): readonly Foreseen[] =>
  outputs.map(({ type, shape: text }) => {
    const shape = new PartialShape(text);
    const sizes = shape.isStatic() ? shape.dimensions?.map(([size]) => size) : undefined;
    return sizes && type !== 'string' && type !== 'dynamic' ? { type, shape: sizes } : undefined;
  });

const saverOf = (forms: readonly Form[], origin: Origin) => () => saveForms(forms, origin);

function scheduled(scheduler: Scheduler, { properties, decided, origin, released }: ScheduledModelOptions): DeviceModel {
  const { supply, options } = scheduler;
  const foreseen = foreseenIn('save' in origin ? portTexts(origin.ports) : origin.ports);
  let known: readonly string[] = [];
  let requests = 1;
  const serving = (): readonly Branch[] => (options.spread ? supply.ready : supply.ready.slice(0, 1));
  return {
    createRequest: () => new ScheduledRequest(scheduler, foreseen),
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
    save: () =>
      'save' in origin
        ? origin.save()
        : saveForms(
            options.branches
              .filter((b) => b.state !== 'refused')
              .map((b) => ({ device: b.device, compiled: supply.ready.includes(b) ? b.model : undefined })),
            origin,
          ),
    set(changed) {
      if (changed.LOG_LEVEL !== undefined) options.level = rankOf(changed.LOG_LEVEL);
    },
    explain: () => explainBranches(options.by, options.branches, { ...decided, waiting: scheduler.waiting }),
    release() {
      scheduler.release();
      released?.();
    },
  };
}
