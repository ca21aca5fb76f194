/**
 * @file Compiled models kept in a folder (`CACHE_DIR`): a file for each content of a model, device, configuration and version of
 * the plugin. A cache may only cost or save time: what cannot be read or loaded is compiled anew, what cannot be written is not kept.
 */
import type { Awaitable, DeviceModel, DevicePlugin, LoadedModel } from '../device/contract.js';
import type { Config } from '../device/properties.js';
import { Model } from '../ir/model.js';
import { affinityOf } from '../ir/affinity.js';
import { printFact } from '../ir/fact.js';
import type { Node, Value } from '../ir/node.js';
import { Literal } from '../tensor/literal.js';
import { attempt, isPromise } from './awaitable.js';
import { isNote, note, noted, originOf, type Notes } from './known.js';
import { asBuffer, filesIn, joinPath, makeFolder, readFile, removeFile, sha256, touchFile, writeFile, type FileStamp } from './files.js';

/** Compiled models that came out of a cache. */
const fromCache = new WeakSet<DeviceModel>();
export const loadedFromCache = (compiled: DeviceModel): boolean => fromCache.has(compiled);

/** Properties that say nothing of what is compiled. */
export const apart: ReadonlySet<string> = new Set([
  'CACHE_DIR',
  'CACHE_ENCRYPTION_CALLBACKS',
  'CUVEE_CACHE_LIMIT',
  'CUVEE_CACHE_DAYS',
  'LOG_LEVEL',
]);

/** What entries go through on their way to the disk and back. */
interface Cipher {
  readonly encrypt: (bytes: Uint8Array) => Uint8Array;
  readonly decrypt: (bytes: Uint8Array) => Uint8Array;
}

/** One entry of a cache, by what it is made from. */
export class CacheEntry {
  readonly #folder: string;
  readonly #model: Model;
  readonly #plugin: DevicePlugin;
  /** Stands for the device and the configuration. */
  readonly #settings: string;
  readonly #cipher: Cipher | undefined;
  readonly #limits: { readonly bytes: number; readonly days: number };
  /** Stands for the content of the model, too; undefined before it is asked for. */
  #key: string | undefined;
  /** Whether the key came from a note about the model's file. */
  #noted: boolean;

  /** `around`: what else the compiled model depends on, as a text. */
  constructor(folder: string, model: Model, plugin: DevicePlugin, config: Config, around = '') {
    const settings = Object.entries(config)
      .filter(([name]) => !apart.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    this.#folder = folder;
    this.#model = model;
    this.#plugin = plugin;
    this.#settings = `${plugin.name} ${plugin.version} ${JSON.stringify(settings)}${around}\n`;
    this.#cipher = config.CACHE_ENCRYPTION_CALLBACKS as Cipher | undefined;
    this.#limits = { bytes: Number(config.CUVEE_CACHE_LIMIT ?? 0), days: Number(config.CUVEE_CACHE_DAYS ?? 0) };
    const key = this.#about === undefined ? undefined : noted(this.#notes, this.#about);
    this.#key = key !== undefined && /^[0-9a-f]+$/.test(key) ? key : undefined;
    this.#noted = this.#key !== undefined;
  }

  /** Whether the model has to be read before the entry can be looked for. */
  get wantsModel(): boolean {
    return this.#key === undefined && this.#model.unread !== undefined;
  }
  get path(): string {
    this.#key ??= this.#digested();
    return joinPath(this.#folder, `${this.#key}.cuvee`);
  }
  get #notes(): Notes {
    return { folder: this.#folder, digest: this.#plugin.digest?.bind(this.#plugin) ?? sha256 };
  }
  /** What a note says the key of; undefined where there are none: of models that are not as a file says, and beside what is encrypted. */
  get #about(): string | undefined {
    const origin = this.#cipher ? undefined : originOf(this.#model);
    return origin && `${origin.key} ${this.#settings}`;
  }
  /** What a note led to is of no use: the key is found anew, before somebody changes the model. */
  #astray(): void {
    if (!this.#noted) return;
    this.#noted = false;
    this.#key = this.#digested();
  }
  #digested(): string {
    const { digest } = this.#notes;
    // Constants beside the graph: while a thread goes over them, this one does over the nodes.
    const apart = new Map<Literal, number>();
    for (const { attributes } of this.#model.nodes())
      if (attributes.value instanceof Literal && attributes.value.type !== 'string' && attributes.value.byteLength > shortest)
        apart.set(attributes.value, apart.get(attributes.value) ?? apart.size);
    const constants = Array.from(apart.keys(), ({ bytes }) => bytes);
    const summed = this.#plugin.digestLater?.(constants) ?? (() => digest(constants));
    const pieces = new Pieces();
    pieces.text(this.#settings);
    write(this.#model, apart, pieces);
    return digest([...pieces.all(), utf8.encode(summed())]);
  }
  /** Notes what was found or made of the model's file. */
  #note(): void {
    const about = this.#about;
    if (about === undefined || this.#key === undefined) return;
    try {
      originOf(this.#model)?.tell?.();
      if (!this.#noted) note(this.#notes, about, this.#key);
      this.#noted = true;
    } catch {
      // A folder that cannot be written.
    }
  }

  /** What `load` makes of the entry; undefined when there is none, or none of use. `wait`: the caller takes a promise, too. */
  take(load: (blob: Uint8Array) => Awaitable<LoadedModel>, wait: boolean): Awaitable<DeviceModel | undefined> {
    let blob: Uint8Array;
    try {
      // What is to be decrypted is read: it may be decrypted in place.
      blob = (this.#cipher ? undefined : this.#plugin.mapped?.(this.path)) ?? readFile(this.path);
    } catch {
      this.#astray();
      return undefined;
    }
    return attempt(
      () => {
        const loading = load(this.#cipher ? this.#cipher.decrypt(blob) : blob);
        if (wait || !isPromise(loading)) return loading;
        loading.then(
          ({ compiled }) => compiled.release(),
          () => undefined,
        );
        return undefined;
      },
      (loaded) => {
        if (!loaded) return undefined;
        fromCache.add(loaded.compiled);
        this.#note();
        this.#used();
        return loaded.compiled;
      },
      () => {
        removeFile(this.path);
        this.#astray();
        return undefined;
      },
    );
  }

  /** Writes what `save` gives, now where it is there. */
  keep(save: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Awaitable<void> {
    // A full disk or a folder that cannot be written costs the next start its time, nothing else.
    return attempt(
      () => {
        const parts = save();
        return Symbol.iterator in parts ? [...parts] : gathered(parts);
      },
      (parts) => {
        try {
          makeFolder(this.#folder);
          writeFile(this.path, this.#cipher ? [this.#cipher.encrypt(asBuffer(parts))] : parts, true);
          this.#note();
          this.#prune();
        } catch {
          // as above
        }
      },
      () => undefined,
    );
  }

  /** The time of change says when an entry was last of use. */
  #used(): void {
    if (this.#limits.bytes === 0 && this.#limits.days === 0) return;
    try {
      touchFile(this.path);
    } catch {
      // It may be gone by now, or the folder belongs to someone else.
    }
  }

  #prune(): void {
    for (const path of spare(filesIn(this.#folder), this.#limits, this.path, Date.now())) removeFile(path);
  }
}

async function gathered(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

/** How long a half-written file may lie about: what wrote it was killed. */
const abandoned = 3_600_000;

/** Entries that a folder can spare: too old, or the longest unused of too many. `newest` stays whatever the limits. */
function spare(
  files: readonly FileStamp[],
  limits: { readonly bytes: number; readonly days: number },
  newest: string,
  now: number,
): readonly string[] {
  const halves = files.filter(({ path, modified }) => path.endsWith('.tmp') && now - modified > abandoned);
  const entries = files.filter(({ path }) => path.endsWith('.cuvee') || isNote(path)).sort((a, b) => b.modified - a.modified);
  let held = 0;
  const out = entries.filter(({ path, size, modified }) => {
    held += size;
    return path !== newest && ((limits.days > 0 && now - modified > limits.days * 86_400_000) || (limits.bytes > 0 && held > limits.bytes));
  });
  return [...halves, ...out].map(({ path }) => path);
}

const utf8 = new TextEncoder();
/** Constants of more bytes go by themselves. */
const shortest = 256;

/** Texts and bytes one after the other as few pieces: each costs more to hand over than a short text, or a few bytes, of which each becomes a character. */
class Pieces {
  readonly #pieces: Uint8Array[] = [];
  #text = '';
  text(more: string): void {
    this.#text += more;
  }
  bytes(more: Uint8Array): void {
    if (more.length <= shortest) {
      this.#text += String.fromCharCode(...more);
      return;
    }
    this.#pieces.push(utf8.encode(this.#text), more);
    this.#text = '';
  }
  all(): Uint8Array[] {
    return [...this.#pieces, utf8.encode(this.#text)];
  }
}

/** Sizes that are expressions follow from those of the parameters, which are told in full, and take long to print. */
function factText({ fact, node }: Value): string {
  if (node.op.name === 'Parameter' || !fact.shape) return printFact(fact);
  let text: string = fact.type;
  for (const d of fact.shape) text += typeof d === 'number' ? ` ${d}` : ' ?';
  return text;
}

/** An attribute's value, most of which are short lists of numbers: JSON with a replacer takes five times as long for those. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? `${value}n` : String(value);
  if (Array.isArray(value) && value.every((v) => typeof v === 'number')) return `[${value.join()}]`;
  return JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'bigint' ? `${v}n` : typeof v === 'number' && !Number.isFinite(v) ? String(v) : v,
  );
}

/** All that a model is, as texts and bytes: operations, attributes, wiring, facts, names, constants. Of those `apart` which one, and how many bytes it has. */
function write(model: Model, apart: ReadonlyMap<Literal, number>, to: Pieces): void {
  const nodes = model.nodes();
  const index = new Map<Node, number>();
  for (let i = 0; i < nodes.length; i++) index.set(nodes[i] as Node, i);
  to.text(`${model.name} ${model.friendlyName} ${model.parameters.length} ${model.results.length} ${model.sinks.length}\n`);
  for (const node of nodes) {
    // A name that nobody gave, `Relu_12`, has a number of the process that made it in it.
    const name = node.name.startsWith(`${node.op.name}_`) && /_\d+$/.test(node.name) ? '' : node.name;
    let line = `${node.op.name} ${JSON.stringify(name)} (`;
    for (const v of node.inputs) line += v ? `${index.get(v.node)}:${v.index},` : '-,';
    line += ') ';
    for (const v of node.outputs) line += `${factText(v)} ${v.names.length > 0 ? JSON.stringify(v.names) : ''};`;
    to.text(`${line} ${affinityOf(node) ?? ''}\n`);
    for (const key in node.attributes) {
      const value = node.attributes[key];
      to.text(`${key}=`);
      if (value instanceof Model) write(value, apart, to);
      else if (value instanceof Literal) {
        to.text(`${value.type} ${value.shape.join()} `);
        if (apart.has(value)) to.text(`${apart.get(value)} of those apart, ${value.byteLength}\n`);
        else if (value.type === 'string') to.text(JSON.stringify(value.nd().data));
        else to.bytes(value.bytes);
      } else to.text(`${valueText(value)}\n`);
    }
  }
}
