/**
 * @file Model files that a cache knows: what devices over devices ask of a model before it is read, and which compiled models were made of the file.
 * By the content of the file, so that a file whose compiled model is there need not be read as a model at all. A file that nobody touched since its
 * content was noted is not read for that either: its place, size and times of change stand for the content (`stampOfResting`).
 *
 * A note in the cache's folder is a text under its own digest, `<digest of what it is about>.known`. One that is missing, damaged or stale costs
 * time and nothing else: then the model is read, and found by its own content.
 */
import type { Awaitable } from '../device/contract.js';
import { cloneModel, Model, type ToldModel, type Unread } from '../ir/model.js';
import { portModel } from '../ir/ports.js';
import { tellModel } from '../ir/told.js';
import { after } from './awaitable.js';
import { joinPath, namesIn, readFile, stampOfResting, writeFile } from './files.js';
import type { ModelSource } from './frontend.js';
import { readSource, readWith, type Pace } from './reading.js';
import type { Registry } from './registry.js';
import { filesOf, sourceOf } from './source.js';

/** A digest of bytes one after the other: `DevicePlugin.digest`. */
export type DigestOf = (parts: readonly Uint8Array[]) => string;

/** A folder of a cache, and the digest that it names things by. */
export interface Notes {
  readonly folder: string;
  readonly digest: DigestOf;
  /** The same of a file: `DevicePlugin.digestFile`. */
  readonly digestFile?: ((path: string) => string | undefined) | undefined;
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
  readonly tell?: (() => void) | undefined;
  /** The file turned out to be another one when it was read. */
  stale?: boolean;
}
const origins = new WeakMap<Model, Origin>();
/** Where a model that nobody changed came from. */
export function originOf(model: Model): Origin | undefined {
  const origin = origins.get(model);
  return origin?.stale ? undefined : origin;
}

/** A copy that remembers its origin; one of a model that is not read is not read either. */
export function copyOf(model: Model): Model {
  const copy = model.unread ? Model.later(model.unread) : cloneModel(model).model;
  const origin = origins.get(model);
  if (origin) origins.set(copy, origin);
  return copy;
}

/** The model of a file: as the folder knows it, to be read when somebody looks at its graph, or read now. Throws as `readWith`. */
export function readKnown(registry: Registry, file: string | URL, notes: Notes, pace?: Pace): Awaitable<Model> {
  const files = filesOf(file);
  const { readers } = registry;
  if (!files || readers === undefined || files.weightsLarge) return readWith(registry, file, undefined, pace);
  const { path, weights } = files;
  /** Of the digests of what the files hold. */
  const keyOf = (...contents: readonly string[]): string =>
    notes.digest([utf8.encode([readers, path.split(/[/\\]/).pop(), ...contents].join('\n'))]);
  const keyOfSource = ({ bytes, weights: beside }: ModelSource): string =>
    keyOf(...[bytes, ...(beside?.kind === 'bytes' ? [beside.bytes] : [])].map((content) => notes.digest([content])));

  const { digestFile } = notes;
  const all = [path, ...(weights === undefined ? [] : [weights])];
  const stamps = all.map((one) => stampOfResting(one));
  /** Stands for files that lie there as they were when their content was known. */
  const resting = stamps.includes(undefined) ? undefined : ['resting', readers, ...stamps].join('\n');
  if (digestFile && hasNotes(notes.folder)) {
    const text = resting === undefined ? undefined : noted(notes, resting);
    const end = text?.indexOf('\n') ?? -1;
    const same = end > 0 ? later(text?.slice(0, end) as string, undefined, text?.slice(end + 1)) : undefined;
    if (same) return same;
    const contents = all.map((one) => digestFile(one));
    const key = contents.every((digest) => digest !== undefined) ? keyOf(...contents) : undefined;
    const found = key === undefined ? undefined : later(key);
    if (found) return found;
  }
  const opened = sourceOf(file, undefined);
  const key = keyOfSource(opened);
  const found = digestFile ? undefined : later(key, opened);
  if (found) return found;
  let alone = true;
  const watched: ModelSource = {
    ...opened,
    beside: (name) => {
      alone = false;
      return (opened.beside as NonNullable<ModelSource['beside']>)(name);
    },
  };
  return after(readSource(registry, watched, pace), (model) => {
    if (!alone) return model;
    const told = JSON.stringify(tellModel(model));
    const tell = (): void => {
      note(notes, key, told);
      rests(key, told);
    };
    origins.set(model, { key, tell });
    return model;
  });

  /** Notes that the files, which nobody touches, have this content. */
  function rests(known: string, told: string): void {
    if (resting !== undefined) note(notes, resting, `${known}\n${told}`);
  }

  /** The model that the folder knows under a key. `source`: where the files are read already; `given`: what is noted, from another note. */
  function later(known: string, source?: ModelSource, given?: string): Model | undefined {
    const text = given ?? noted(notes, known);
    const told = text === undefined ? undefined : parsed(text, path);
    if (text === undefined || !told) return undefined;
    const origin: Origin = { key: known, tell: given === undefined ? () => rests(known, text) : undefined };
    let whole: Model | undefined;
    const read = (how?: Pace): Awaitable<Model> => {
      const now = source ?? sourceOf(file, undefined);
      if (!source && keyOfSource(now) !== known) origin.stale = true;
      return readSource(registry, now, how);
    };
    const model = Model.later({
      ...told,
      read: () => cloneModel((whole ??= read() as Model)).model,
      reading: (how) => after(whole ?? read(how), (first) => cloneModel((whole = first)).model),
    });
    origins.set(model, origin);
    return model;
  }
}

/** Whether a folder has notes at all: an empty cache need not be asked by a digest. */
function hasNotes(folder: string): boolean {
  try {
    return namesIn(folder).some(isNote);
  } catch {
    return false;
  }
}
