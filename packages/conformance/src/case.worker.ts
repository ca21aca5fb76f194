/** @file A process that runs cases, one after the other, as it is told; what kills it is the case's failure, not the run's. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Core } from 'cuvee';
import type { DevicePlugin } from '@cuvee/core';
import type { CaseRef } from './case.js';
import { execute } from './execute.js';

interface Job {
  readonly ref: CaseRef;
  readonly device: string;
  readonly plugin?: string;
  readonly rtol: number;
  readonly atol: number;
}

let core: Core | undefined;

async function coreWith(plugin: string | undefined): Promise<Core> {
  if (core) return core;
  core = new Core();
  if (plugin) {
    const path = createRequire(`${process.cwd()}/`).resolve(plugin);
    const exported = ((await import(pathToFileURL(path).href)) as { default: DevicePlugin | (() => DevicePlugin) }).default;
    core.registerPlugin(typeof exported === 'function' ? exported() : exported);
  }
  return core;
}

process.on('message', (job: Job) => {
  void coreWith(job.plugin)
    .then((c) => execute(c, job.device, job.ref, job))
    .then((outcome) => process.send?.(outcome));
});
