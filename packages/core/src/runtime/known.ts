/**
 * @file Model files that a cache knows: what devices over devices ask of a model before it is read, and which compiled models were made of the file.
 * By the content of the file, so that a file whose compiled model is there need not be read as a model at all.
 *
 * A note in the cache's folder is a text under its own digest, `<digest of what it is about>.known`. One that is missing, damaged or stale costs
 * time and nothing else: then the model is read, and found by its own content.
 */
import type { Awaitable } from '../device/contract.js';
import { cloneModel, Model, type ToldModel, type Unread } from '../ir/model.js';
import { portModel } from '../ir/ports.js';
import { tellModel } from '../ir/told.js';
import { after } from './awaitable.js';
import { joinPath, readFile, writeFile } from './files.js';
import type { ModelSource } from './frontend.js';
import { readSource, type Pace } from './reading.js';
import type { Registry } from './registry.js';
import { sourceOf } from './source.js';

/** A digest of bytes one after the other: `DevicePlugin.digest`. */
export type DigestOf = (parts: readonly Uint8Array[]) => string;

/** A folder of a cache, and the digest that it names things by. */
export interface Notes {
  readonly folder: string;
  readonly digest: DigestOf;
}

const utf8 = new TextEncoder();
const ending = '.known';
/** Whether a file is a note. */
export const isNote = (path: string): boolean => path.endsWith(ending);

const pathOf = (notes: Notes, about: string): string => joinPath(notes.folder, notes.digest([utf8.encode(about)]) + ending);

/** What is noted about something; undefined where nothing sound is. */
export function noted(notes: Notes, about: string): string | undefined {
  try {
    const text = new TextDecoder().decode(readFile(pathOf(notes, about)));
    const end = text.indexOf('\n');
    const body = text.slice(end + 1);
    return notes.digest([utf8.encode(about + body)]) === text.slice(0, end) ? body : undefined;
  } catch {
    return undefined;
  }
}
/** Notes it, in a folder that is there. */
export const note = (notes: Notes, about: string, body: string): void =>
  writeFile(pathOf(notes, about), [utf8.encode(`${notes.digest([utf8.encode(about + body)])}\n${body}`)]);

/** What a note tells of a model; undefined for a text that nobody here wrote. */
function parsed(text: string, path: string): Pick<Unread, 'told' | 'ports'> | undefined {
  try {
    const told = JSON.parse(text) as ToldModel;
    const ports = Object.assign(portModel(told.ports), { rtInfo: told.rtInfo, path });
    return { told: { ...told, path }, ports };
  } catch {
    return undefined;
  }
}

/** The file that a model is as it was read. */
export interface Origin {
  /** Stands for the content of the file and for how it is read. */
  readonly key: string;
  /** Notes what is known of the model; undefined when that is noted. */
  readonly tell?: () => void;
}
const origins = new WeakMap<Model, Origin>();
/** Where a model that nobody changed came from. */
export const originOf = (model: Model): Origin | undefined => origins.get(model);

/** A copy that remembers its origin; one of a model that is not read is not read either. */
export function copyOf(model: Model): Model {
  const copy = model.unread ? Model.later(model.unread) : cloneModel(model).model;
  const origin = origins.get(model);
  if (origin) origins.set(copy, origin);
  return copy;
}

/** The model of a file: as the folder knows it, to be read when somebody looks at its graph, or read now. Throws as `readWith`. */
export function readKnown(registry: Registry, file: string | URL, notes: Notes, pace?: Pace): Awaitable<Model> {
  const source = sourceOf(file, undefined);
  const { path, bytes, weights } = source;
  if (path === undefined || registry.readers === undefined || weights?.kind === 'file') return readSource(registry, source, pace);
  const about = [registry.readers, path.split(/[/\\]/).pop(), bytes.length, weights?.bytes.length ?? ''].join('\n');
  const key = notes.digest([utf8.encode(about), bytes, ...(weights ? [weights.bytes] : [])]);
  const known = noted(notes, key);
  const told = known === undefined ? undefined : parsed(known, path);
  if (told) {
    let whole: Model | undefined;
    const model = Model.later({
      ...told,
      read: () => cloneModel((whole ??= readSource(registry, source) as Model)).model,
      reading: (later) => after(whole ?? readSource(registry, source, later), (model) => cloneModel((whole = model)).model),
    });
    origins.set(model, { key });
    return model;
  }
  let alone = true;
  const watched: ModelSource = {
    ...source,
    beside: (name) => {
      alone = false;
      return (source.beside as NonNullable<ModelSource['beside']>)(name);
    },
  };
  return after(readSource(registry, watched, pace), (model) => {
    if (!alone) return model;
    const told = JSON.stringify(tellModel(model));
    origins.set(model, { key, tell: () => note(notes, key, told) });
    return model;
  });
}
