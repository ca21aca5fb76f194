/**
 * @file The one place where core touches a file system. It asks the engine for Node's modules instead of importing them,
 * so that the same code loads in a browser, where it says that files are not to be had.
 */
import { CuveeError } from '../errors.js';
import { uncounted } from '../tensor/element.js';
import type { WeightSource } from '../tensor/literal.js';
import type { ExternalFile } from './frontend.js';
import { startScript } from './work.js';

type Fs = typeof import('node:fs');
type Path = typeof import('node:path');

interface Builtins {
  getBuiltinModule?: (id: string) => unknown;
}

function builtin<T>(id: string): T {
  const { process } = globalThis as { process?: Builtins };
  const module = process?.getBuiltinModule?.(id);
  if (!module) throw new CuveeError('NOT_IMPLEMENTED', 'files cannot be read here; give the bytes of the model instead of a path');
  return module as T;
}

/** A module of Node where there is one. */
export const optionalBuiltin = <T>(id: string): T | undefined =>
  (globalThis as { process?: Builtins }).process?.getBuiltinModule?.(id) as T | undefined;

/** SHA-256 of bytes one after the other, in hexadecimal digits. */
export function sha256(parts: readonly Uint8Array[]): string {
  const hash = builtin<typeof import('node:crypto')>('node:crypto').createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
export const joinPath = (folder: string, name: string): string => builtin<Path>('node:path').join(folder, name);
export const makeFolder = (path: string): void => void builtin<Fs>('node:fs').mkdirSync(path, { recursive: true });
export const removeFile = (path: string): void => builtin<Fs>('node:fs').rmSync(path, { force: true });

/** Names of all that is in a folder. */
export const namesIn = (folder: string): readonly string[] => builtin<Fs>('node:fs').readdirSync(folder);
/** Files of a folder, with sizes in bytes and times of change in milliseconds; what goes meanwhile is left out. */
export function filesIn(folder: string): readonly FileStamp[] {
  return namesIn(folder).flatMap((name) => {
    const stamp = stampOf(joinPath(folder, name));
    return stamp && isFile(stamp.path) ? [stamp] : [];
  });
}
/** Makes now the file's time of change. */
export const touchFile = (path: string): void => builtin<Fs>('node:fs').utimesSync(path, new Date(), new Date());

/** True where files can be read by path. */
export const hasFiles = (): boolean => (globalThis as { process?: Builtins }).process?.getBuiltinModule !== undefined;

/** Pieces as one: a Buffer where the platform has them. */
export function asBuffer(parts: readonly Uint8Array[]): Uint8Array {
  const { Buffer } = globalThis as {
    Buffer?: { from(bytes: ArrayBufferLike): Uint8Array };
  };
  const bytes = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return Buffer ? Buffer.from(bytes.buffer) : bytes;
}

/** Largest file read at once: a typed array's limit in every supported engine. */
const largest = 2 ** 32;

/** The whole file. Throws FILE_NOT_FOUND (also for a folder) or MODEL_INVALID (too large, or empty where that cannot be). */
export function readFile(path: string, mayBeEmpty = false): Uint8Array {
  const fs = builtin<Fs>('node:fs');
  if (path.includes('\0')) throw new CuveeError('FILE_NOT_FOUND', `reading ${JSON.stringify(path)}: no path holds a null character`);
  try {
    const stat = fs.statSync(path);
    if (stat.isDirectory()) throw new CuveeError('FILE_NOT_FOUND', `reading "${path}": it is a folder`);
    if (stat.isFile() && stat.size === 0 && !mayBeEmpty) throw new CuveeError('MODEL_INVALID', `reading "${path}": the file is empty`);
    if (stat.size > largest)
      throw new CuveeError('MODEL_INVALID', `reading "${path}": ${stat.size} bytes are more than can be read at once; use external data`);
    const buffer = (stat.isFile() && readUncounted(fs, path, stat.size)) || fs.readFileSync(path);
    // Small files share the memory of a pool.
    if (buffer.byteLength === buffer.buffer.byteLength)
      filesRead.set(buffer.buffer, {
        path: absolute(path),
        size: stat.size,
        modified: stat.mtimeMs,
      });
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    if (error instanceof CuveeError) throw error;
    throw new CuveeError('FILE_NOT_FOUND', `reading "${path}": ${(error as Error).message}`, { cause: error });
  }
}

/** Sizes of files that are read into uncounted memory: it pays, and programs do not read them so often that memory runs out before V8 collects. */
const [smallestUncounted, largestUncounted] = [2 ** 16, 2 ** 24];

/** The file in memory that V8 does not count; undefined where that is of no use, or the file is shorter by now. */
function readUncounted(fs: Fs, path: string, size: number): Uint8Array | undefined {
  if (size < smallestUncounted || size > largestUncounted) return undefined;
  const bytes = uncounted(size);
  const fd = fs.openSync(path, 'r');
  try {
    let at = 0;
    for (let n = 1; n > 0 && at < size; at += n) n = fs.readSync(fd, bytes, at, size - at, at);
    return at === size ? bytes : undefined;
  } finally {
    fs.closeSync(fd);
  }
}

/** What a file was when it was read. */
export interface FileStamp {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
}
/** Memory that holds a whole file. */
const filesRead = new WeakMap<ArrayBufferLike, FileStamp>();

/**
 * Where to find a constant's bytes again once its memory is gone: the file that it was read from, as long as that stays as it is
 * now; the memory itself where there is no such file. The result holds on to no file's memory. `seen`: files looked at before.
 */
export function reloadable(source: WeightSource, seen: Map<string, FileStamp> = new Map()): WeightSource {
  const stamp = source.kind === 'bytes' ? filesRead.get(source.bytes.buffer) : (seen.get(source.path) ?? stampOf(source.path));
  if (!stamp) return source;
  const { path } = stamp;
  seen.set(path, stamp);
  const [offset, length] = source.kind === 'bytes' ? [source.bytes.byteOffset, source.bytes.byteLength] : [source.offset, source.length];
  return stamped(stamp, offset, length);
}

/** A range of a file that is read as long as the file is what it was. */
function stamped(stamp: FileStamp, offset: number, length: number): WeightSource {
  const { path, size, modified } = stamp;
  const read = (): Uint8Array => {
    const now = stampOf(path);
    if (now?.size !== size || now.modified !== modified)
      throw new CuveeError('FILE_NOT_FOUND', `"${path}" has changed since the model was read from it, or is gone`);
    return readRange(path, offset, length);
  };
  return { kind: 'file', path, offset, length, read, stamp: { size, modified } };
}

/** The same from what was written down of it. Throws FILE_NOT_FOUND when the file is gone or is no longer what it was. */
export function storedRange(stamp: FileStamp, offset: number, length: number): WeightSource {
  const now = stampOf(stamp.path);
  if (now?.size !== stamp.size || now.modified !== stamp.modified || !(offset >= 0 && length >= 0 && offset + length <= stamp.size))
    throw new CuveeError('FILE_NOT_FOUND', `"${stamp.path}", which constants were left in, is gone or was changed`);
  return stamped(stamp, offset, length);
}

function stampOf(path: string): FileStamp | undefined {
  const stat = builtin<Fs>('node:fs').statSync(path, { throwIfNoEntry: false });
  return stat && { path, size: stat.size, modified: stat.mtimeMs };
}

/**
 * What changes when somebody changes a file: where it lies on the disk, its size, and its times of change in nanoseconds, which programs cannot set
 * (`ctime`). Undefined for one that was changed within the last minute, whose time may stay the same once more, and for anything else than a file.
 */
export function stampOfResting(path: string): string | undefined {
  const stat = builtin<Fs>('node:fs').statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFile() || stat.ino === 0n || stat.ctimeNs === 0n) return undefined;
  const latest = Number((stat.ctimeMs > stat.mtimeMs ? stat.ctimeMs : stat.mtimeMs) as bigint);
  if (!(Date.now() - latest > 60_000)) return undefined;
  return [absolute(path), stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ');
}

/** Whether a regular file is at the path. */
export const isFile = (path: string): boolean => builtin<Fs>('node:fs').statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
/** A path from the root on. */
export const absolute = (path: string): string => builtin<Path>('node:path').resolve(path);

/** Whether something is at the path. */
export const exists = (path: string): boolean => builtin<Fs>('node:fs').existsSync(path);

/**
 * Writes a file whole: to a temporary name first, so that no reader sees half of it. `once`: of several that write the same file at the same
 * time one does, and a file that is there stays.
 */
export function writeFile(path: string, parts: readonly Uint8Array[], once = false): void {
  const fs = builtin<Fs>('node:fs');
  const temporary = `${path}.${process_id()}-${++temporaries}-${Math.random().toString(36).slice(2, 8)}.tmp`; // worker threads share the number of the process
  try {
    const fd = fs.openSync(temporary, 'w', 0o644);
    try {
      writeAll(fs, fd, parts);
    } finally {
      fs.closeSync(fd);
    }
    if (once && linked(temporary, path)) fs.rmSync(temporary, { force: true });
    else fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw new CuveeError('FILE_NOT_FOUND', `writing "${path}": ${(error as Error).message}`, { cause: error });
  }
}
/** Many pieces at a time: file systems charge for each call. */
function writeAll(fs: Fs, fd: number, parts: readonly Uint8Array[]): void {
  const most = 1000; // POSIX takes 1024 where it takes the least
  for (let first = 0; first < parts.length; first += most) {
    const some = parts.slice(first, first + most);
    let written = fs.writevSync(fd, some);
    for (const part of some) {
      // A call may end early.
      for (let at = Math.min(written, part.length); at < part.length; ) at += fs.writeSync(fd, part, at, part.length - at);
      written = Math.max(0, written - part.length);
    }
  }
}
/** Gives a file a second name unless another has it; false where the file system has no such thing. */
function linked(from: string, to: string): boolean {
  try {
    builtin<Fs>('node:fs').linkSync(from, to);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EEXIST';
  }
}
let temporaries = 0;
const process_id = (): number => (globalThis as { process?: { pid?: number } }).process?.pid ?? 0;

/** A range of a file, checked against its size. The one place where offset and length meet a file. */
export const readRange = (path: string, offset: number, length: number): Uint8Array => rangeOf(path, offset, length);

type Stats = import('node:fs').Stats;

/** `neighbour`: what was found at the path; it has to be what is opened, a link to it is not followed, and nothing is waited for. */
function rangeOf(path: string, offset: number, length: number, neighbour?: Stats): Uint8Array {
  const fs = builtin<Fs>('node:fs');
  let fd: number | undefined;
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants; // Windows lacks the last two; with `|` they are nothing there
    fd = fs.openSync(path, neighbour ? O_RDONLY | O_NOFOLLOW | O_NONBLOCK : O_RDONLY);
    const stat = fs.fstatSync(fd);
    if (neighbour && !(stat.isFile() && stat.dev === neighbour.dev && stat.ino === neighbour.ino && stat.nlink === 1))
      throw new CuveeError('MODEL_INVALID', `reading "${path}": another file has taken its place`);
    checkRange(path, stat.size, offset, length);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const n = fs.readSync(fd, bytes, at, length - at, offset + at);
      if (n === 0) throw new CuveeError('MODEL_INVALID', `reading "${path}": it ended at byte ${offset + at}`);
      at += n;
    }
    return bytes;
  } catch (error) {
    if (error instanceof CuveeError) throw error;
    throw new CuveeError('FILE_NOT_FOUND', `reading "${path}": ${(error as Error).message}`, { cause: error });
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** A range of a file that stays there until somebody reads it. */
export const fileRange = (path: string, offset: number, length: number): WeightSource => ({
  kind: 'file',
  path,
  offset,
  length,
  read: () => readRange(path, offset, length),
});

/** Bytes of a regular file; 0 for anything else. */
export function fileSize(path: string): number {
  const stat = builtin<Fs>('node:fs').statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.size : 0;
}

/** Throws MODEL_INVALID unless `offset` and `length` are whole, not negative, and lie within `size`. */
export function checkRange(what: string, size: number, offset: number, length: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!whole || length > size || offset > size - length)
    throw new CuveeError('MODEL_INVALID', `"${what}" has ${size} bytes; ${length} from ${offset} on do not lie within it`);
}

/**
 * Opens files beside a model and nothing else: no absolute path, no `..`, no drive, UNC or NUL; the real path must be in the
 * model's folder; regular files with one name only. Throws MODEL_INVALID (not allowed) or FILE_NOT_FOUND.
 */
export function besideModel(modelPath: string): (relative: string) => ExternalFile {
  return (relative) => {
    const fs = builtin<Fs>('node:fs');
    const path = builtin<Path>('node:path');
    const refuse = (why: string): never => {
      throw new CuveeError('MODEL_INVALID', `external data "${relative}" of "${modelPath}": ${why}`);
    };
    const parts = relative.split(/[/\\]/);
    if (
      relative === '' ||
      relative.includes('\0') ||
      path.isAbsolute(relative) ||
      /^[A-Za-z]:|^[/\\]/.test(relative) ||
      parts.includes('..')
    )
      refuse('the path must lie beside the model');
    const folder = fs.realpathSync(path.dirname(path.resolve(modelPath)));
    const full = path.join(folder, ...parts.filter((p) => p !== '' && p !== '.'));
    let stat: Stats;
    try {
      stat = fs.lstatSync(full);
      if (fs.realpathSync(full) !== full) refuse('links are not followed');
    } catch (error) {
      if (error instanceof CuveeError) throw error;
      throw new CuveeError('FILE_NOT_FOUND', `external data "${relative}" of "${modelPath}" is missing`, { cause: error });
    }
    if (!stat.isFile()) refuse('it is not a regular file');
    if (stat.nlink > 1) refuse('it has more than one name (a hard link)');
    return {
      path: full,
      size: stat.size,
      read: (offset, length) => rangeOf(full, offset, length, stat),
    };
  };
}

/** A file: URL or path as a path. */
export function toPath(path: string | URL): string {
  if (typeof path === 'string') return path;
  if (path.protocol !== 'file:') throw new CuveeError('ARGUMENT_INVALID', `only file: URLs can be read, got ${path.protocol}`);
  return builtin<typeof import('node:url')>('node:url').fileURLToPath(path);
}

/** How discovery sees packages. */
export interface PackageLoader {
  /** What a package exports. `script`: its manifest says that this file, too, provides it. */
  readonly load: (name: string, script?: string) => unknown;
  readonly manifest: (name: string) => Record<string, unknown> | undefined;
}

/** Loads packages by name for discovery, seen from a folder; undefined where there is no module loader. */
export function packageLoader(from: string): PackageLoader | undefined {
  if (!hasFiles()) return undefined;
  const fs = builtin<Fs>('node:fs');
  const path = builtin<Path>('node:path');
  const require = (): NodeJS.Require => builtin<typeof import('node:module')>('node:module').createRequire(from);
  /** Folders of packages from here upwards. */
  let places: readonly string[] | undefined;
  const findPlaces = (): readonly string[] => {
    const found: string[] = [];
    for (let folder = path.dirname(from); ; folder = path.dirname(folder)) {
      const place = path.join(folder, 'node_modules');
      if (fs.existsSync(place)) found.push(place);
      if (path.dirname(folder) === folder) return found;
    }
  };
  /** Where a package nearly always lies; the resolver takes ten times as long to say so. */
  const folderOf = (name: string): string | undefined => {
    if (path.isAbsolute(name)) return name;
    const place = (places ??= findPlaces()).find((folder) => fs.existsSync(`${folder}/${name}/package.json`));
    return place && path.join(place, name);
  };
  return {
    load(name, script) {
      const folder = script === undefined ? undefined : folderOf(name);
      return (folder && script && startScript(path.join(folder, script))) ?? require()(name);
    },
    manifest(name) {
      try {
        const folder = folderOf(name);
        const file = folder === undefined ? require().resolve(`${name}/package.json`) : path.join(folder, 'package.json');
        return JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
      } catch {
        return undefined;
      }
    },
  };
}

/** The package.json that a file belongs to, and its path. */
export function owningManifest(file: string): { readonly path: string; readonly manifest: Record<string, unknown> } | undefined {
  const fs = builtin<Fs>('node:fs');
  const path = builtin<Path>('node:path');
  for (let folder = path.dirname(path.resolve(file)); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'package.json');
    if (fs.existsSync(candidate)) {
      try {
        return {
          path: candidate,
          manifest: JSON.parse(fs.readFileSync(candidate, 'utf8')) as Record<string, unknown>,
        };
      } catch {
        return undefined;
      }
    }
    if (path.dirname(folder) === folder) return undefined;
  }
}
