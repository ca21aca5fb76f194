/** @file Which devices and formats there are: given explicitly, or discovered in installed packages and loaded when asked for. */
import { CuveeError } from '../errors.js';
import type { DevicePlugin } from '../device/contract.js';
import { nearest } from '../device/properties.js';
import { checkExtension, isOperationExtension, type OperationExtension } from './extension.js';
import { absolute, hasFiles, isFile, owningManifest, packageLoader, toPath } from './files.js';
import type { Frontend } from './frontend.js';

/** What a package's `cuvee` field in package.json says that it brings. */
interface Manifest {
  readonly devices?: readonly string[];
  /** Its devices are devices over devices; said here so that nobody loads the package to find out. */
  readonly meta?: boolean;
  readonly formats?: readonly string[];
  /** The package once more as a script that needs nothing but core: `./dist/node.cjs`. Node starts it faster. */
  readonly script?: string;
}

interface Lazy<T> {
  readonly from: string;
  /** Of the package, where it was discovered. */
  readonly version?: string | undefined;
  /** Known before it is loaded. */
  readonly meta?: boolean | undefined;
  readonly get: () => T;
}

/** Places from which discovery looks, beside the entry script: the umbrella package adds itself. */
const roots = new Set<string>();
/** Makes the dependencies of the package that holds a module visible to discovery. */
export const discoverFrom = (moduleUrl: string): void => void roots.add(moduleUrl);

/** Devices and formats by name. */
export class Registry {
  readonly #plugins = new Map<string, Lazy<DevicePlugin>>();
  readonly #frontends = new Map<string, Lazy<Frontend>>();
  /** Operations that users added. */
  readonly extensions: OperationExtension[] = [];
  /** Plugins that know of all of them. */
  readonly #told = new Set<DevicePlugin>();

  constructor(given: { readonly plugins?: readonly DevicePlugin[] | undefined; readonly frontends?: readonly Frontend[] | undefined }) {
    for (const plugin of given.plugins ?? []) this.add(plugin);
    for (const frontend of given.frontends ?? []) this.#frontends.set(frontend.name, { from: 'given', get: () => frontend });
    if (!given.plugins && !given.frontends && hasFiles()) this.#discover();
  }

  /** Adds a plugin. Throws ARGUMENT_INVALID for a name that is taken or malformed. */
  add(plugin: DevicePlugin): void {
    if (!/^[A-Z][A-Z0-9_]*$/.test(plugin.name))
      throw new CuveeError('ARGUMENT_INVALID', `"${plugin.name}" is no device name (A-Z, digits, _)`);
    if (this.#plugins.has(plugin.name))
      throw new CuveeError('ARGUMENT_INVALID', `device ${plugin.name} is registered already, from ${this.#plugins.get(plugin.name)?.from}`);
    this.#plugins.set(plugin.name, { from: 'given', get: () => plugin });
  }

  remove(name: string): void {
    if (!this.#plugins.delete(name)) throw this.#unknown(name);
  }

  /** A plugin or frontend, or the path or name of a module that provides some. */
  extend(extension: string | object): void {
    const provided = typeof extension === 'string' ? loadExtension(extension) : [extension];
    for (const one of provided) {
      if ('compile' in one && 'devices' in one) this.add(one as DevicePlugin);
      else if ('read' in one && 'accepts' in one)
        this.#frontends.set((one as Frontend).name, { from: 'given', get: () => one as Frontend });
      else if (isOperationExtension(one)) this.#addOperations(one);
      else
        throw new CuveeError(
          'ARGUMENT_INVALID',
          'an extension is operations (ops), a device plugin (name, devices, query, compile) or a frontend (name, accepts, read)',
        );
    }
  }

  /** Devices that are loaded later are told of it then. */
  #addOperations(extension: OperationExtension): void {
    checkExtension(extension, this.extensions);
    for (const plugin of this.#told) plugin.extend?.(extension);
    this.extensions.push(extension);
  }

  /**
   * What stands for how files are read: frontends with the versions of their packages. Undefined where that is not known: frontends that were
   * given, which may have options, and operations of users.
   */
  get readers(): string | undefined {
    const all = [...this.#frontends].map(([format, { from, version }]) => version && `${format} ${from} ${version}`);
    return this.extensions.length > 0 || all.some((reader) => !reader) ? undefined : all.join();
  }

  /** Names of the formats of frontends; `ir` is core's own. */
  get formats(): readonly string[] {
    return [...this.#frontends.keys()];
  }

  get deviceNames(): readonly string[] {
    return [...this.#plugins.keys()];
  }
  /** Names of the devices that are no meta-devices; those that cannot be loaded are left out. */
  get hardware(): readonly string[] {
    return this.deviceNames.filter((name) => {
      try {
        return this.#plugins.get(name)?.meta !== true && !this.plugin(name).meta;
      } catch {
        return false;
      }
    });
  }

  /** The plugin of a device. Throws DEVICE_NOT_FOUND or PLUGIN_LOAD_FAILED. */
  plugin(name: string): DevicePlugin {
    const entry = this.#plugins.get(name);
    if (!entry) throw this.#unknown(name);
    try {
      const plugin = entry.get();
      if (!this.#told.has(plugin)) for (const extension of this.extensions) plugin.extend?.(extension);
      this.#told.add(plugin);
      return plugin;
    } catch (error) {
      throw CuveeError.wrap(`loading device ${name} from ${entry.from}`, error, 'PLUGIN_LOAD_FAILED');
    }
  }

  /** Frontends to ask, those that know the file's ending first. */
  *frontends(path: string | undefined): Iterable<Frontend> {
    const ending = path?.split('.').pop()?.toLowerCase() ?? '';
    const all = [...this.#frontends.values()].map(({ get, from }) => {
      try {
        return get();
      } catch (error) {
        throw CuveeError.wrap(`loading a frontend from ${from}`, error, 'PLUGIN_LOAD_FAILED');
      }
    });
    yield* all.sort((a, b) => Number(b.formats.includes(ending)) - Number(a.formats.includes(ending)));
  }

  #unknown(name: string): CuveeError {
    const known = this.deviceNames;
    return new CuveeError(
      'DEVICE_NOT_FOUND',
      `no plugin provides device ${name}${nearest(name, known)}; there are ${known.join(', ') || 'none: install @cuvee/plugin-cpu'}`,
    );
  }

  /** Reads package.json of the dependencies of the entry script's package and of the roots; loads nothing yet. */
  #discover(): void {
    const { process } = globalThis as { process?: { argv?: string[]; env?: Record<string, string | undefined> } };
    const entry = process?.argv?.[1];
    for (const root of [...(entry ? [entry] : []), ...roots]) {
      const owner = owningManifest(root.startsWith('file:') ? toPath(new URL(root)) : root);
      const dependencies = { ...(owner?.manifest.dependencies as object), ...(owner?.manifest.optionalDependencies as object) };
      const loader = owner && packageLoader(owner.path);
      if (loader) for (const name of Object.keys(dependencies)) this.#offer(name, loader);
    }
    for (const name of process?.env?.CUVEE_PLUGINS?.split(',').filter(Boolean) ?? []) this.#offer(name, packageLoader(entry ?? '/'), true);
  }

  #offer(name: string, loader: ReturnType<typeof packageLoader>, required = false): void {
    const whole = loader?.manifest(name);
    const manifest = whole?.cuvee as Manifest | undefined;
    if (!loader || !manifest) {
      if (required)
        throw new CuveeError(
          'PLUGIN_LOAD_FAILED',
          `CUVEE_PLUGINS names "${name}", which is no installed package with a "cuvee" field in its package.json`,
        );
      return;
    }
    const load = once(() => loader.load(name, manifest.script) as Record<string, unknown>);
    for (const device of manifest.devices ?? []) {
      const get = once(() => pick<DevicePlugin>(load(), device));
      if (!this.#plugins.has(device)) this.#plugins.set(device, { from: name, meta: manifest.meta, get });
    }
    for (const format of manifest.formats ?? []) {
      if (!this.#frontends.has(format))
        this.#frontends.set(format, {
          from: name,
          version: whole?.version as string | undefined,
          get: once(() => pick<Frontend>(load(), format)),
        });
    }
  }
}

/** What a module provides: its default export, made. Throws PLUGIN_LOAD_FAILED. */
function loadExtension(path: string): readonly object[] {
  const { process } = globalThis as { process?: { cwd?: () => string } };
  const loader = packageLoader(`${process?.cwd?.() ?? ''}/`);
  try {
    if (!loader) throw new Error('there is no module loader here');
    const module = loader.load(isFile(path) ? absolute(path) : path) as Record<string, unknown>;
    const made = allOf(module);
    if (made.some((m) => typeof m !== 'object' || m === null)) throw new Error('its default export is no plugin');
    return made as readonly object[];
  } catch (cause) {
    throw new CuveeError('PLUGIN_LOAD_FAILED', `Cannot load library '${path}': ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function allOf(module: Record<string, unknown>): unknown[] {
  const exported = module.default ?? module;
  return (Array.isArray(exported) ? exported : [exported]).map((e: unknown) => (typeof e === 'function' ? (e as () => unknown)() : e));
}

/** The default export: a plugin or frontend, a function that makes it, or a list of such. */
function pick<T extends { readonly name: string }>(module: Record<string, unknown>, name: string): T {
  const made = allOf(module) as T[];
  const found = made.find((m) => m?.name === name);
  if (!found) throw new CuveeError('PLUGIN_LOAD_FAILED', `its default export does not provide "${name}"`);
  return found;
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
