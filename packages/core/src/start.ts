/**
 * @file How Node starts a bundle of ours: `@cuvee/core/start`, which each package's `dist/node.js` calls. Bundlers, browsers and other
 * engines never come here, they take the plain ES module `dist/index.js`.
 *
 * A fresh V8 parses a bundle, and then compiles each function at its first call: half of the time between `import 'cuvee'` and the first
 * compiled model. V8 can write down what it compiled and take it from there in the next process. Node offers that for scripts
 * (`vm.Script`'s `cachedData`), not for modules, so that a package holds its code once more as a script, `dist/node.cjs`: one function,
 * `(require, moduleUrl, assign) => …`, which hands all its exports to `assign`.
 *
 * The life of a code file: a process starts without one and works as ever; when it has read or compiled a model, and again when it
 * meets operations that the file has not seen, it writes the file, a moment later or as it ends. The next process finds its functions
 * compiled. A file is only ever a saving: one that is missing, damaged, of another V8, or not to be written changes nothing but time.
 *
 * Code from a file runs, so the file must be the user's own: the folder and the files belong to the user and nobody else may write
 * them, names hold a checksum of the bundle, contents a checksum, and a link is not followed.
 *
 * `CUVEE_CODE_CACHE=0` switches it off; another value is the folder to use instead of the user's cache folder.
 */
import type { Stats } from 'node:fs';
import type { Script } from 'node:vm';

// Taken, not imported: a module of Node that is imported lists its exports first, for which `fs` loads all of Node's streams.
const { getBuiltinModule } = process;
const fs = getBuiltinModule('node:fs');
const { createRequire } = getBuiltinModule('node:module');
const { dirname, join } = getBuiltinModule('node:path');
const { fileURLToPath, pathToFileURL } = getBuiltinModule('node:url');
const vm = getBuiltinModule('node:vm');
const { crc32 } = getBuiltinModule('node:zlib');

/** What a bundle exports. */
type Exports = Record<string, unknown>;

/** A script that runs in this process, and what its code file knows. */
interface Running {
  readonly script: Script;
  readonly file: string;
  /** Kinds of work whose functions are in the file. */
  readonly known: Set<string>;
}

/** The milliseconds between the first new kind of work and the writing: the work that follows on it is to be in the file too. */
const settle = 1000;
/** While inferences run, which writing would hold up, it waits so many times more. */
const patience = 60;
/** Files that are older than this many milliseconds are removed by the next one that is written; one in use comes back. */
const lifetime = 30 * 24 * 3600e3;

const running: Running[] = [];
/** What each script that runs exports, by its path. */
const started = new Map<string, Exports>();
/** Kinds of work that this process has done: `onnx Relu`, `CPU Relu`. */
const done = new Set<string>();
let timer: NodeJS.Timeout | undefined;
/** Inferences that run now. */
let atWork = (): number => 0;

/**
 * Runs the script `node.cjs` beside the module `url`, once, and returns what it exports. `packages` are the packages of the house that it
 * imports, evaluated already, so that there is one core. Others are required when first touched.
 */
export function start(url: string, packages: Readonly<Record<string, Exports>> = {}): Exports {
  return startAt(fileURLToPath(new URL('node.cjs', url)), url, packages);
}

/** The same for the script at a path; `url`: what it takes for its own. */
function startAt(path: string, url: string, packages: Readonly<Record<string, Exports>>): Exports {
  const before = started.get(path);
  if (before) return before;
  const bytes = fs.readFileSync(path);
  const file = codeFile(path, bytes);
  const code = file === undefined ? undefined : readCode(file);
  // The bundler writes ASCII, and the function around the script, so that its text lies in memory once.
  const script = new vm.Script(bytes.toString('latin1'), {
    filename: path,
    cachedData: code?.data,
  });
  if (file !== undefined) {
    const known = code && script.cachedDataRejected === false ? code.known : [];
    running.push({ script, file, known: new Set(known) });
  }
  let exports: Exports = {};
  const body = script.runInThisContext() as (require: (id: string) => unknown, url: string, assign: (all: Exports) => void) => void;
  body(requirer(url, packages), url, (all) => {
    exports = all;
  });
  started.set(path, exports);
  (exports['onWork'] as ((listener: typeof note) => void) | undefined)?.(note);
  atWork = (exports['inferencesRunning'] as typeof atWork | undefined) ?? atWork;
  (exports['onScript'] as ((starts: (script: string) => Exports | undefined) => void) | undefined)?.((asked) =>
    startScript(asked, dirname(dirname(path)), exports),
  );
  return exports;
}

/**
 * Starts the script of a package that core discovered, without the module loader. Undefined when the package would import another core
 * than the one that asks.
 */
function startScript(path: string, coreFolder: string, core: Exports): Exports | undefined {
  const real = fs.realpathSync.native(path);
  return (
    started.get(real) ?? (nearest(real, '@cuvee/core') === coreFolder ? startAt(real, urlOf(real), { '@cuvee/core': core }) : undefined)
  );
}

/** A path as URL; Node's own way takes a quarter of a millisecond. */
const urlOf = (path: string): string => (/^\/[\w/.-]+$/.test(path) ? `file://${path}` : pathToFileURL(path).href);

/** The real folder of a package as a file finds it. */
function nearest(from: string, name: string): string | undefined {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (fs.existsSync(found)) return fs.realpathSync.native(found);
    if (dirname(folder) === folder) return undefined;
  }
}

function requirer(url: string, packages: Readonly<Record<string, Exports>>): (id: string) => unknown {
  let require: NodeJS.Require | undefined;
  return (id) =>
    packages[id] ?? (id.startsWith('node:') ? getBuiltinModule(id) : lazily(() => (require ??= createRequire(url))(id) as Exports));
}

/** A module that is loaded when one of its exports is first asked for. */
function lazily(load: () => Exports): Exports {
  let loaded: Exports | undefined;
  return new Proxy({}, { get: (_, name) => (loaded ??= load())[name as string] });
}

/** Core's report of work; see `onWork` there. */
function note(work: Iterable<string>): void {
  for (const kind of work) done.add(kind);
  if (timer !== undefined || !running.some(lacks)) return;
  writeLater(patience);
  process.once('exit', write);
}

function writeLater(times: number): void {
  timer = setTimeout(() => (times > 0 && atWork() > 0 ? writeLater(times - 1) : write()), settle).unref();
}

const lacks = ({ known }: Running): boolean => [...done].some((kind) => !known.has(kind));

/** Writes the code file of each script that lacks some of the work done. */
function write(): void {
  clearTimeout(timer);
  timer = undefined;
  process.off('exit', write);
  const lacking = running.filter(lacks);
  for (const one of lacking) {
    for (const kind of done) one.known.add(kind); // also when writing fails: it is tried once
    try {
      writeCode(one.file, one.script.createCachedData(), one.known);
    } catch {
      // A full disk or a folder that is not ours: the next process compiles again.
    }
  }
  for (const folder of new Set(lacking.map(({ file }) => dirname(file)))) clean(folder);
}

/** Where the code of a script lies; undefined when it is not to be kept. */
function codeFile(path: string, script: Uint8Array): string | undefined {
  const { env, platform, arch, versions, execArgv } = process;
  const wanted = env['CUVEE_CODE_CACHE'];
  // Coverage counts functions as they are compiled. Other engines have other ways.
  if (wanted === '0' || env['NODE_V8_COVERAGE'] || versions['bun'] || versions['deno']) return undefined;
  const home = env['HOME'] ?? '';
  const folders: Partial<Record<NodeJS.Platform, string>> = {
    win32: env['LOCALAPPDATA'] ?? '',
    darwin: home && join(home, 'Library', 'Caches'),
  };
  const caches = folders[platform] ?? (env['XDG_CACHE_HOME'] || (home && join(home, '.cache')));
  const folder = wanted || (caches && join(caches, 'cuvee', 'code'));
  if (!folder) return undefined;
  try {
    const { size, mtimeMs } = fs.statSync(path);
    // V8's tag stands for its version, its flags and the processor's features; asking for it costs 2 ms. V8 compares all of them itself:
    // the name only keeps processes with flags from replacing the files of those without.
    const flags = execArgv.length > 0 || env['NODE_OPTIONS'];
    const tag = flags ? getBuiltinModule('node:v8').cachedDataVersionTag().toString(36) : versions.v8;
    const parts = [crc32(script).toString(36), size.toString(36), Math.trunc(mtimeMs).toString(36), arch, tag];
    return join(folder, `${parts.join('-')}.code`);
  } catch {
    return undefined;
  }
}

/** Whether only this user can have written it. Windows keeps a user's folder by other means. */
const isOurs = ({ uid, mode }: Stats): boolean => process.geteuid === undefined || (uid === process.geteuid() && (mode & 0o022) === 0);

/**
 * A code file is V8's data, the kinds of work as JSON, and eight bytes: the length of the JSON and the CRC-32 of all before, each
 * little-endian. V8's data come first because V8 wants them aligned. Undefined when there is no sound file.
 */
function readCode(file: string): { readonly data: Buffer; readonly known: readonly string[] } | undefined {
  let fd: number | undefined;
  try {
    if (!isOurs(fs.lstatSync(dirname(file)))) return undefined;
    fd = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || !isOurs(stat)) return undefined;
    const bytes = fs.readFileSync(fd);
    const end = bytes.length - 8;
    if (end < 0 || crc32(bytes.subarray(0, end + 4)) !== bytes.readUInt32LE(end + 4)) return undefined;
    const start = end - bytes.readUInt32LE(end);
    return {
      data: bytes.subarray(0, start),
      known: JSON.parse(bytes.toString('utf8', start, end)) as string[],
    };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) fs.closeSync(fd);
  }
}

/** Writes a code file whole, under a name of its own first. */
function writeCode(file: string, data: Buffer, known: Iterable<string>): void {
  const folder = dirname(file);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!isOurs(fs.lstatSync(folder))) return;
  const text = Buffer.from(JSON.stringify([...known]));
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(text.length, 0);
  trailer.writeUInt32LE(crc32(trailer.subarray(0, 4), crc32(text, crc32(data))), 4);
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    fs.writeFileSync(temporary, Buffer.concat([data, text, trailer]), {
      flag: 'wx',
      mode: 0o600,
    });
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes the files of a folder of ours that time has passed by. */
function clean(folder: string): void {
  try {
    if (!isOurs(fs.lstatSync(folder))) return;
    for (const name of fs.readdirSync(folder)) {
      const old = join(folder, name);
      if (Date.now() - fs.lstatSync(old).mtimeMs > lifetime) fs.rmSync(old, { force: true });
    }
  } catch {
    // Another process cleans as well, or the folder is gone.
  }
}
