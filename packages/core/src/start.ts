/**
 * @file How Node starts a bundle of ours: `@cuvee/core/start`, which each package's `dist/node.js` calls. Bundlers, browsers and other
 * engines never come here, they take the plain ES module `dist/index.js`.
 *
 * A fresh V8 parses a bundle, and then compiles each function at its first call: half of the time between `import 'cuvee'` and the first
 * compiled model. V8 can write down what it compiled and take it from there in the next process. Node offers that for scripts
 * (`vm.Script`'s `cachedData`), not for modules, so that a package holds its code once more as a script, `dist/node.cjs`: one function,
 * `(require, moduleUrl, assign) => …`, which hands all its exports to `assign`.
 *
 * What V8 takes it has to unpack, and what a bundle holds has to be set up: a process that only runs what a cache has wants neither the
 * operations nor the compiler. So a script may come in two parts, cut between modules (`scripts/lib/chunks.mjs`); the second, `node.rest.cjs`, starts when
 * something of it is first touched: by the first part (`require('#passes/fold.ts')`), by another package's script, or by a program, whose
 * modules want their imports at once and get stand-ins (`later`).
 *
 * The life of a code file: a process starts without one and works as ever; when it has read or compiled a model, and again when it
 * meets operations that the file has not seen, it writes the file, a moment later or as it ends. The next process finds its functions
 * compiled, and writes them once more where it has no fewer (`again`). A file is only ever a saving: one that is missing, damaged, of another
 * V8, or not to be written changes nothing but time.
 *
 * Code from a file runs, so the file must be the user's own: the folder and the files belong to the user and nobody else may write
 * them, names hold a digest of the bundle, contents stand twice, and a link is not followed.
 *
 * `CUVEE_CODE_CACHE=0` switches it off; another value is the folder to use instead of the user's cache folder.
 */
import type { Stats } from 'node:fs';
import type { Script } from 'node:vm';
import { standIn, type Exports } from './stand-in.js';

// Taken, not imported: a module of Node that is imported lists its exports first, for which `fs` loads all of Node's streams.
const { getBuiltinModule } = process;
const fs = getBuiltinModule('node:fs');
const { createRequire } = getBuiltinModule('node:module');
const { dirname, join } = getBuiltinModule('node:path');
const { fileURLToPath, pathToFileURL } = getBuiltinModule('node:url');
const vm = getBuiltinModule('node:vm');

/** A script that runs in this process, and what its code file knows. */
interface Running {
  readonly script: Script;
  readonly file: string;
  /** Kinds of work whose functions are in the file. */
  readonly known: Set<string>;
  /** Bytes of V8's data in the file that the process began with; 0: it began with none. */
  readonly bytes: number;
}

/**
 * Among the kinds of work of a file: a process that began with the file has written it again. The first one may have run for so long that V8 had
 * dropped what it compiled and used once.
 */
const again = 'again';

/** The milliseconds between the first new kind of work and the writing: the work that follows on it is to be in the file too. */
const settle = 1000;
/** While inferences run, which writing would hold up, it waits so many times more. */
const patience = 60;
/** A script ends in a digest of itself, of so many characters. */
const digestLength = 16;
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

/** What each core that runs exports, by its class `Core`: not stand-ins. */
const cores = new Map<unknown, Exports>();

/**
 * Runs the script `node.cjs` beside the module `url`, once, and returns what it exports. `packages` are the packages of the house that it
 * imports, evaluated already, so that there is one core. Others are required when first touched.
 */
function startBeside(url: string, packages: Readonly<Record<string, Exports>> = {}): Exports {
  const own = Object.entries(packages).map(([name, all]) => [name, cores.get(all['Core']) ?? all]);
  const exports = startAt(fileURLToPath(new URL('node.cjs', url)), url, Object.fromEntries(own) as Record<string, Exports>);
  if (exports['Core']) cores.set(exports['Core'], exports);
  return exports;
}

/** The modules of one part of a script that the other imports, by the names that it requires them by. */
type Border = Readonly<Record<string, Exports>>;

/** Makes `begin` fill the target in when a property is first read that it lacks: one of `names`, or any. */
function promise(target: Exports, begin: () => void, names?: readonly string[]): Exports {
  const get = (_: object, name: string | symbol): unknown => {
    if (names && !names.includes(name as string)) return undefined;
    begin();
    return target[name as string];
  };
  return Object.setPrototypeOf(target, new Proxy({}, { get })) as Exports;
}
/** Fills it in. */
function fill(target: Exports, values: Exports): void {
  Object.setPrototypeOf(target, Object.prototype);
  Object.assign(target, values);
}

/** The same for the script at a path; `url`: what it takes for its own. */
function startAt(path: string, url: string, packages: Readonly<Record<string, Exports>>): Exports {
  const before = started.get(path);
  if (before) return before;
  const require = requirer(url, packages);
  let exports: Exports = {};
  let first: (() => Border) | undefined;
  let begun = false;
  /** What the first part imports from the second, by module: empty until the second has started. */
  const wanted: Record<string, Exports> = {};
  /** Starts the second part. */
  const rest = (): void => {
    if (begun) return;
    if (!first) throw new Error(`${path} touches its second part while it starts`);
    begun = true;
    const border = first();
    const given = (id: string): unknown => border[id] ?? require(id);
    try {
      run(path.replace(/cjs$/, 'rest.cjs'), url, given, (more, mine) => {
        fill(exports, more);
        const modules = (mine as () => Border)();
        for (const id in modules) fill((wanted[id] ??= {}), modules[id] as Exports);
      });
    } catch (error) {
      begun = false; // whoever touches it next hears of it, too
      throw error;
    }
  };
  run(
    path,
    url,
    (id) => (id.startsWith('#') ? (wanted[id] ??= promise({}, rest)) : require(id)),
    (all, border, later) => {
      exports = all;
      if (later) promise(all, rest, later);
      first = border;
    },
  );
  started.set(path, exports);
  (exports['onWork'] as ((listener: typeof note) => void) | undefined)?.(note);
  atWork = (exports['inferencesRunning'] as typeof atWork | undefined) ?? atWork;
  (exports['onScript'] as ((starts: (script: string) => Exports | undefined) => void) | undefined)?.((asked) =>
    startScript(asked, dirname(dirname(path)), exports),
  );
  return exports;
}

/** What a script hands over: its exports, what its other part may import, and of a first part the names of the exports that only the second has. */
type Assign = (all: Exports, border?: () => Border, later?: readonly string[]) => void;

function run(path: string, url: string, require: (id: string) => unknown, assign: Assign): void {
  const bytes = fs.readFileSync(path);
  const file = codeFile(path, bytes);
  const code = file === undefined ? undefined : readCode(file);
  // The bundler writes ASCII, and the function around the script, so that its text lies in memory once.
  const script = new vm.Script(bytes.toString('latin1'), { filename: path, cachedData: code?.data });
  if (file !== undefined) {
    const taken = script.cachedDataRejected === false ? code : undefined;
    running.push({ script, file, known: new Set(taken?.known), bytes: taken?.data.length ?? 0 });
  }
  (script.runInThisContext() as (require: (id: string) => unknown, url: string, assign: Assign) => void)(require, url, assign);
}

/** Core and the umbrella package each hold this module; the first one that a process loads starts scripts for both. The number stands for what they share. */
const place = Symbol.for('@cuvee/core/start 1');
const shared = ((globalThis as { [place]?: { start: typeof startBeside; later: typeof standIn } })[place] ??= {
  start: startBeside,
  later: standIn,
});
export const { start, later } = shared;

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

const isNew = ({ known }: Running): boolean => [...done].some((kind) => !known.has(kind));
const lacks = (one: Running): boolean => (one.bytes > 0 && !one.known.has(again)) || isNew(one);

/** Writes the code file of each script that lacks some of the work done. */
function write(): void {
  clearTimeout(timer);
  timer = undefined;
  process.off('exit', write);
  const lacking = running.filter(lacks);
  for (const one of lacking) {
    const wanted = isNew(one);
    for (const kind of done) one.known.add(kind); // also when writing fails: it is tried once
    if (one.bytes > 0) one.known.add(again);
    try {
      const data = one.script.createCachedData();
      if (wanted || data.length >= one.bytes) writeCode(one.file, data, one.known);
    } catch {
      // A full disk or a folder that is not ours: the next process compiles again.
    }
  }
  for (const folder of new Set(lacking.map(({ file }) => dirname(file)))) clean(folder);
}

/** Where the code of a script lies; undefined when it is not to be kept. */
function codeFile(path: string, script: Buffer): string | undefined {
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
    const digest = script.toString('latin1', script.length - digestLength);
    if (!/^[0-9a-f]+$/.test(digest)) return undefined;
    const parts = [digest, size.toString(36), Math.trunc(mtimeMs).toString(36), arch, tag];
    return join(folder, `${parts.join('-')}.code`);
  } catch {
    return undefined;
  }
}

/** Whether only this user can have written it. Windows keeps a user's folder by other means. */
const isOurs = ({ uid, mode }: Stats): boolean => process.geteuid === undefined || (uid === process.geteuid() && (mode & 0o022) === 0);

/**
 * A code file is V8's data, the kinds of work as JSON, the length of the JSON as four bytes, little-endian, and all of that once more: V8 believes what it
 * is given, and of all that could tell a damaged file, comparing is the quickest that Node has at hand (a checksum takes its streams along).
 * V8's data come first because V8 wants them aligned. Undefined when there is no sound file.
 */
function readCode(file: string): { readonly data: Buffer; readonly known: readonly string[] } | undefined {
  let fd: number | undefined;
  try {
    if (!isOurs(fs.lstatSync(dirname(file)))) return undefined;
    fd = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || !isOurs(stat)) return undefined;
    const bytes = fs.readFileSync(fd);
    const half = bytes.length / 2;
    const end = half - 4;
    if (end < 0 || !bytes.subarray(0, half).equals(bytes.subarray(half))) return undefined;
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
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    fs.writeFileSync(temporary, Buffer.concat([data, text, length, data, text, length]), { flag: 'wx', mode: 0o600 });
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
