/** @file What can be asked of a device by its text: support, compilation, import; the host through which meta-devices ask the same. */
import { CuveeError } from '../errors.js';
import type {
  Awaitable,
  CompileOptions,
  DeviceCosts,
  DeviceHost,
  DeviceModel,
  DevicePlugin,
  LoadedModel,
  Support,
} from '../device/contract.js';
import type { Config } from '../device/properties.js';
import { cloneModel, type Model } from '../ir/model.js';
import { staticShape } from '../ir/fact.js';
import type { Node, Value } from '../ir/node.js';
import { decompose, decomposing } from '../passes/decompose.js';
import { describe } from '../shape/scope.js';
import { after, attempt, isPromise } from './awaitable.js';
import { apart, CacheEntry } from './cache.js';
import { parseDevice, type DeviceName } from './device-name.js';
import { rankOf, watched } from './events.js';
import { sha256 } from './files.js';
import { wrapperOf } from './frames.js';
import { copyOf, readKnown, type Notes } from './known.js';
import { loadOf } from './load.js';
import { readWith } from './reading.js';
import type { Registry } from './registry.js';
import { availableDevices, describeDevice } from './reports.js';
import { resolveDevice, type Resolved } from './resolve.js';
import { tableOf, type Settings } from './settings.js';
import { atOnce, paced } from './steps.js';
import { worked, workOn } from './work.js';

export interface WorkOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CompileWork extends WorkOptions {
  /** Told when a stage begins: `read` (paths only), `prepare` (copy, decomposition), `compile` (the device), and `done`. */
  readonly onProgress?: ((progress: { readonly stage: 'read' | 'prepare' | 'compile' | 'done' }) => void) | undefined;
}

/** What work inside is asked for with: `paced` where the caller waits for a promise. */
export interface Work extends CompileWork {
  readonly paced?: boolean | number | undefined;
  /** Meta-devices that ask for it, outermost first. */
  readonly within?: readonly string[] | undefined;
}

/** A place in a cache, and what it holds. */
interface Kept {
  readonly entry?: CacheEntry;
  readonly kept?: DeviceModel | undefined;
}

/** Property names to values, as users write them. */
export type ConfigInput = Readonly<Record<string, unknown>>;
/** Devices by their texts. Work on a model is done on a copy: the model stays the caller's. */
export class Devices {
  readonly #registry: Registry;
  readonly #settings: Settings;

  constructor(registry: Registry, settings: Settings) {
    this.#registry = registry;
    this.#settings = settings;
  }

  /** What core offers to a device; `within`: the meta-devices around it, which it must not ask for again. */
  #host(within: readonly string[]): DeviceHost {
    return {
      availableDevices: () => availableDevices(this.#registry),
      query: (model, device, config) => this.query(model, device, config, within),
      compile: (model, device, config, work) => this.compile(model, device, config, { ...work, within }),
      importModel: (blob, device, config, work) => this.load(blob, 'bytes', device, config, { ...work, within }),
      properties: (device) => tableOf(this.#registry.plugin(parseDevice(device).name)),
      costs: (device): DeviceCosts | undefined => this.#registry.plugin(parseDevice(device).name).costs?.(),
      cached: (model, device, config, work) => this.#cached(model, device, config, { ...work, within }),
      describe: (device) => describeDevice(this.#registry, device),
      load: (device) => loadOf(device).share,
    };
  }

  #resolve(text: string, settings: ConfigInput, within?: readonly string[]): Awaitable<Resolved> {
    return resolveDevice(text, settings, { registry: this.#registry, settings: this.#settings, within });
  }

  query(model: Model, text: string, settings: ConfigInput, around?: readonly string[]): Awaitable<Support> {
    return after(this.#resolve(text, settings, around), ({ plugin, config, within }) => {
      const { model: copy } = cloneModel(model);
      decompose(copy, (node) => plugin.keeps?.(node) ?? false);
      return after(plugin.query(copy, config, { host: this.#host(within) }), (support) => originalSupport(model, copy, support));
    });
  }

  /** What a device makes of a blob that it wrote; `model` is what the blob is called in messages. */
  load(blob: Uint8Array, model: string, text: string, settings: ConfigInput, work: Work): Awaitable<LoadedModel> {
    return after(this.#resolve(text, settings, work.within), ({ plugin, config, within }) => {
      const { load } = plugin;
      const wrapper = plugin.meta ? undefined : wrapperOf(blob);
      if (wrapper)
        return this.load(blob, model, `${wrapper}:${text}${wrapper === 'HETERO' ? `,${helper}` : ''}`, forInner(text, settings), work);
      if (!load) throw new CuveeError('NOT_IMPLEMENTED', `device ${text} does not import compiled models; compile the model again`);
      const about = () => ({ model, device: text, details: { bytes: blob.length } });
      return watched('import', rankOf(config.LOG_LEVEL), about, () =>
        attempt(
          () => load.call(plugin, blob, config, { signal: work.signal, paced: work.paced, host: this.#host(within) }),
          (loaded) => loaded,
          (error) => {
            throw CuveeError.wrap(`importing a compiled model for ${text}`, error, 'MODEL_INVALID');
          },
        ),
      );
    });
  }

  /** Whether all that keeps a device from running a model are operations of extensions, and another device evaluates those. */
  #wantsHelp(copy: Model, plugin: DevicePlugin, config: Config): Awaitable<boolean> {
    const there = ['HETERO', helper].every((name) => this.#registry.deviceNames.includes(name));
    if (plugin.meta || plugin.name === helper || !there) return false;
    return after(plugin.query(copy, config, { host: this.#host([]) }), (support) => {
      const refused = copy.nodes().filter((n) => support.get(n) !== true);
      return refused.length > 0 && refused.every((n) => isExtension(n) && n.op.evaluate !== undefined);
    });
  }

  compile(model: Model, text: string, settings: ConfigInput, work: Work): Awaitable<DeviceModel> {
    // At once: the caller may change its model while this works on the copy.
    const copy = copyOf(model);
    return after(this.#resolve(text, settings, work.within), ({ plugin, config, within }) =>
      watched(
        'compile',
        rankOf(config.LOG_LEVEL),
        () => ({ model: model.friendlyName, device: text }),
        () => this.#compileOn({ plugin, config, model: copy, text, settings }, { ...work, within }),
      ),
    );
  }

  /** The entry of a cache for the model, where there is one, and the model that it holds. */
  #kept(plugin: DevicePlugin, config: Config, model: Model, options: CompileOptions): Awaitable<Kept> {
    if (!plugin.load || plugin.keptBelow || !config.CACHE_DIR) return {};
    const around = plugin.meta ? this.#settings.text(apart) : '';
    const entry = new CacheEntry(String(config.CACHE_DIR), model, plugin, config, around);
    const load = (blob: Uint8Array): Awaitable<LoadedModel> => plugin.load?.(blob, config, options) as Awaitable<LoadedModel>;
    const taken = after(entry.wantsModel ? arrived(model, options) : undefined, () => entry.take(load, Boolean(options.paced)));
    return after(taken, (kept) => {
      if (kept) worked([`${plugin.name} from the cache`]);
      return { entry, kept };
    });
  }

  /** The model of a file, which need not be read where the cache of the device knows it. */
  read(file: string | URL, text: string, settings: ConfigInput, pace?: WorkOptions): Awaitable<Model> {
    return after(this.#notes(text, settings), (notes) =>
      notes ? readKnown(this.#registry, file, notes, pace) : readWith(this.#registry, file, undefined, pace),
    );
  }
  /** Where a device's cache is; undefined where it has none, keeps no notes, or the caller is yet to be told of a mistake. */
  #notes(text: string, settings: ConfigInput): Awaitable<Notes | undefined> {
    return attempt(
      () => this.#resolve(text, settings),
      ({ config }) => {
        const folder = String(config.CACHE_DIR ?? '');
        if (folder === '' || config.CACHE_ENCRYPTION_CALLBACKS) return undefined;
        const named = namesIn(parseDevice(text)).filter((name) => !this.#registry.plugin(name).meta);
        const plugins = (named.length > 0 ? named : this.#registry.hardware).map((name) => this.#registry.plugin(name));
        const quick = plugins.find((one) => one.digest !== undefined);
        return { folder, digest: quick?.digest?.bind(quick) ?? sha256, digestFile: quick?.digestFile?.bind(quick) };
      },
      () => undefined,
    );
  }

  #cached(model: Model, text: string, settings: ConfigInput, work: Work): Awaitable<DeviceModel | undefined> {
    return after(this.#resolve(text, settings, work.within), ({ plugin, config, within }) =>
      after(this.#kept(plugin, config, model, { ...work, host: this.#host(within) }), ({ kept }) => kept),
    );
  }

  #compileOn(task: Task, work: Work): Awaitable<DeviceModel> {
    const { model, text } = task;
    return attempt(
      () => {
        work.onProgress?.({ stage: 'prepare' });
        if (!model.unread) refuseImpossible(model); // of one that the cache knows, a device saw to it
        return this.#inBatches(task, work) ?? this.#alone(task, work);
      },
      (compiled) => compiled,
      (error) => {
        throw work.signal?.aborted ? work.signal.reason : CuveeError.wrap(`compiling "${model.friendlyName}" for ${text}`, error);
      },
    );
  }

  /** By BATCH, where the caller wants throughput and the device says that it pays; undefined where it is not to be tried. */
  #inBatches(task: Task, work: Work): Awaitable<DeviceModel> | undefined {
    const { plugin, config, model, text, settings } = task;
    const { signal, onProgress, paced: pace, within = [] } = work;
    const wanted = config.PERFORMANCE_HINT === 'THROUGHPUT' && config.ALLOW_AUTO_BATCHING !== false;
    if (!wanted || plugin.meta || !plugin.optimalBatch || !this.#registry.deviceNames.includes('BATCH')) return undefined;
    if (within.includes('BATCH') || within.includes('HETERO') || !model.inputs.every(isRow)) return undefined;
    const most = Number(config.PERFORMANCE_HINT_NUM_REQUESTS ?? 0) || Number.POSITIVE_INFINITY;
    const rows = Math.min(most, plugin.optimalBatch(model));
    if (!(rows > 1)) return undefined;
    const { model: copy } = cloneModel(model);
    return attempt(
      () => this.compile(copy, `BATCH:${text}(${rows})`, forInner(text, settings), { signal, onProgress, paced: pace, within }),
      (made) => made,
      (error) => {
        // Its rows see each other; whatever else keeps it from the device, the device says itself.
        if (error instanceof CuveeError && error.code === 'MODEL_UNSUPPORTED') return this.#alone(task, work);
        throw error;
      },
    );
  }

  /** By the device itself, or out of its cache. */
  #alone({ plugin, config, model, text, settings }: Task, work: Work): Awaitable<DeviceModel> {
    const { signal, onProgress, paced: pace, within = [] } = work;
    const options = { signal, paced: pace, host: this.#host(within) };
    const looked = after(this.#kept(plugin, config, model, options), (found) =>
      found.kept || plugin.keptBelow ? found : after(arrived(model, options), () => found),
    );
    return after(looked, ({ entry, kept }) => {
      if (kept) return kept;
      if (model.unread && plugin.keptBelow) {
        onProgress?.({ stage: 'compile' });
        return plugin.compile(model, config, options); // the devices below look for it in the cache
      }
      const meter = workOn(plugin.name, model);
      const whole = model.nodes().some(isExtension) ? cloneModel(model).model : undefined;
      const steps = decomposing(model, (node) => plugin.keeps?.(node) ?? false);
      const helped = after(
        pace ? paced(steps, signal, pace) : atOnce(steps),
        () => whole !== undefined && this.#wantsHelp(model, plugin, config),
      );
      return after(helped, (help) => {
        if (help && whole)
          return this.compile(whole, `HETERO:${text},${helper}`, forInner(text, settings), {
            signal,
            onProgress,
            paced: pace,
            within: within.filter((name) => name !== 'HETERO'), // its parts are ones that the device runs
          });
        onProgress?.({ stage: 'compile' });
        return after(plugin.compile(model, config, options), (made) => {
          worked(meter);
          const { save } = made;
          const keeping = entry && save && entry.keep(() => save.call(made));
          return isPromise(keeping) && pace ? keeping.then(() => made) : made;
        });
      });
    });
  }
}

/** Reads a model that is not read yet. */
const arrived = (model: Model, { paced: pace, signal }: Pick<CompileOptions, 'paced' | 'signal'>): Awaitable<void> =>
  model.unread && pace ? after(model.unread.reading({ signal }), (whole) => model.arrive(whole)) : undefined;

/** All devices that a text names. */
const namesIn = ({ name, list = [] }: DeviceName): readonly string[] => [name, ...list.flatMap(namesIn)];

/** A model to be compiled for a device. */
interface Task extends Pick<Resolved, 'plugin' | 'config'> {
  /** A copy. */
  readonly model: Model;
  readonly text: string;
  readonly settings: ConfigInput;
}

/** Settings of a device for a meta-device that core puts around it. */
const forInner = (text: string, settings: ConfigInput): ConfigInput =>
  Object.keys(settings).length > 0 ? { DEVICE_PROPERTIES: { [text]: settings } } : {};

/** Whether a model takes this input one row at a time, of a size that is known. */
const isRow = (input: Value): boolean => input.partialShape.dimensions?.[0]?.[1] === 1 && staticShape(input.fact.shape) !== undefined;

/** The device that evaluates the rooms themselves. */
const helper = 'REFERENCE';

const isExtension = (node: Node): boolean => node.op.domain !== undefined;

/** A model whose sizes can never fit together is refused before any device sees it. */
function refuseImpossible(model: Model): void {
  const [refusal] = model.scope.refusals;
  if (!refusal) return;
  const what = refusal.dims.reduce<string>((text, d, i) => text.replace(`{${i}}`, describe(d)), refusal.what);
  throw new CuveeError('SHAPE_MISMATCH', `"${refusal.node}": ${what}`, { node: refusal.node });
}

/** An original node is supported when all nodes that it became are. */
function originalSupport(model: Model, copy: Model, support: Support): Support {
  const byOrigin = new Map<string, true | string>();
  for (const node of copy.nodes()) {
    const answer = support.get(node) ?? 'the device did not answer';
    for (const origin of node.origin) if (byOrigin.get(origin) === undefined || answer !== true) byOrigin.set(origin, answer);
  }
  // a node that is still there answers for itself; one that became others, for all that share its origin
  const same = new Map(copy.nodes().map((node) => [node.id, node]));
  return new Map(
    model.nodes().map((node) => {
      const left = same.get(node.id);
      if (left) return [node, support.get(left) ?? 'the device did not answer'];
      const answers = [node.name, ...node.origin].map((origin) => byOrigin.get(origin));
      return [node, answers.find((answer) => answer !== undefined && answer !== true) ?? true];
    }),
  );
}
