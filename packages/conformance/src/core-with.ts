/** @file The cores of the processes and threads that run cases. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Core } from 'cuvee';
import type { ConfigInput, DevicePlugin } from '@cuvee/core';

/** Properties to be set, by device. */
export type Settings = Readonly<Record<string, ConfigInput>>;

/** A core with the devices that are found, and those of a plugin: the name of a package, or a path. */
export async function coreWith(plugin: string | undefined, settings: Settings = {}): Promise<Core> {
  const core = new Core();
  if (plugin) {
    const path = createRequire(`${process.cwd()}/`).resolve(plugin);
    const exported = ((await import(pathToFileURL(path).href)) as { default: DevicePlugin | (() => DevicePlugin) }).default;
    const named = typeof exported === 'function' ? exported() : exported;
    try {
      core.unloadPlugin(named.name); // found by discovery as well
    } catch {
      // it was not
    }
    core.registerPlugin(named);
  }
  for (const [device, properties] of Object.entries(settings)) core.setProperty(device, properties);
  return core;
}
