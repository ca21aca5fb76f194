/**
 * @file Compiled models kept in a folder (`CACHE_DIR`): a file for each content of a model, device, configuration and version of
 * the plugin. A cache may only cost or save time: what cannot be read or loaded is compiled anew, what cannot be written is not kept.
 */
import type { DeviceModel, DevicePlugin } from '../device/contract.js';
import type { Config } from '../device/properties.js';
import { Model } from '../ir/model.js';
import { affinityOf } from '../ir/affinity.js';
import { printFact } from '../ir/fact.js';
import { Literal } from '../tensor/literal.js';
import { asBuffer, hashOf, joinPath, makeFolder, readFile, removeFile, writeFile } from './files.js';

/** Compiled models that came out of a cache. */
const fromCache = new WeakSet<DeviceModel>();
export const loadedFromCache = (compiled: DeviceModel): boolean => fromCache.has(compiled);

/** Properties that say nothing of what is compiled. */
const apart = new Set(['CACHE_DIR', 'LOG_LEVEL']);

/** One entry of a cache, by what it is made from. */
export class CacheEntry {
  readonly path: string;
  readonly #folder: string;

  constructor(folder: string, model: Model, plugin: DevicePlugin, config: Config) {
    const settings = Object.entries(config)
      .filter(([name]) => !apart.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const key = hashOf(contentOf(model, [`${plugin.name} ${plugin.version} ${JSON.stringify(settings)}\n`]));
    this.#folder = folder;
    this.path = joinPath(folder, `${key}.cuvee`);
  }

  /** What `load` makes of the entry; undefined when there is none, or none of use. */
  take(load: (blob: Uint8Array) => DeviceModel): DeviceModel | undefined {
    let blob: Uint8Array;
    try {
      blob = readFile(this.path);
    } catch {
      return undefined;
    }
    try {
      const compiled = load(blob);
      fromCache.add(compiled);
      return compiled;
    } catch {
      removeFile(this.path);
      return undefined;
    }
  }

  keep(parts: Iterable<Uint8Array>): void {
    try {
      makeFolder(this.#folder);
      writeFile(this.path, [asBuffer([...parts])]);
    } catch {
      // A full disk or a folder that cannot be written costs the next start its time, nothing else.
    }
  }
}

/** All that a model is, as texts and bytes: operations, attributes, wiring, facts, names, constants. */
function* contentOf(model: Model, before: readonly string[] = []): Iterable<string | Uint8Array> {
  yield* before;
  const index = new Map(model.nodes().map((node, i) => [node, i]));
  yield `${model.name} ${model.friendlyName} ${model.parameters.length} ${model.results.length} ${model.sinks.length}\n`;
  for (const node of model.nodes()) {
    const inputs = node.inputs.map((v) => (v ? `${index.get(v.node)}:${v.index}` : '-'));
    const outputs = node.outputs.map((v) => `${printFact(v.fact)} ${JSON.stringify(v.names)}`);
    // A name that nobody gave, `Relu_12`, has a number of the process that made it in it.
    const name = node.name.startsWith(`${node.op.name}_`) && /_\d+$/.test(node.name) ? '' : node.name;
    yield `${node.op.name} ${JSON.stringify(name)} (${inputs.join()}) ${outputs.join(';')} ${affinityOf(node) ?? ''}\n`;
    for (const [key, value] of Object.entries(node.attributes)) {
      yield `${key}=`;
      if (value instanceof Model) yield* contentOf(value);
      else if (value instanceof Literal) {
        yield `${value.type} ${value.shape.join()} `;
        if (value.type === 'string') yield JSON.stringify(value.nd().data);
        else yield value.bytes;
      } else
        yield `${JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? `${v}n` : typeof v === 'number' && !Number.isFinite(v) ? String(v) : v))}\n`;
    }
  }
}
