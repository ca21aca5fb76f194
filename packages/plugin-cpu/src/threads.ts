/** @file How the configuration divides the processor: cores, threads, streams. */
import type { Config } from '@cuvee/core';
import type { Addon, CoreChoice, LoadOptions } from './native.js';

/** What a configuration comes to on this machine, now. */
export interface Division
  extends Required<Pick<LoadOptions, 'threads' | 'streams' | 'spinMicroseconds' | 'binding'>>,
    Required<CoreChoice> {}

const types = ['ANY_CORE', 'PCORE_ONLY', 'ECORE_ONLY'];

/**
 * LATENCY: one stream with a thread on each performance core; second threads of cores and efficient cores would only be waited for.
 * THROUGHPUT: every place that there is, in streams of one thread, from five threads on of two, which share a working set; no more
 * streams than the application has requests in flight. What the properties say outright is done.
 */
export function division(addon: Addon, config: Config): Division {
  const throughput = config.PERFORMANCE_HINT === 'THROUGHPUT' || config.PERFORMANCE_HINT === 'CUMULATIVE_THROUGHPUT';
  const asked = types.indexOf(String(config.SCHEDULING_CORE_TYPE ?? ''));
  const coreType = asked >= 0 ? asked : throughput ? 0 : 1;
  const siblings = typeof config.ENABLE_HYPER_THREADING === 'boolean' ? config.ENABLE_HYPER_THREADING : throughput;
  const place = addon.placement(coreType, siblings);
  const threads = Number(config.INFERENCE_NUM_THREADS ?? 0) || place.threads;
  const requests = Number(config.PERFORMANCE_HINT_NUM_REQUESTS ?? 0) || Number.POSITIVE_INFINITY;
  const chosen = Math.min(requests, threads > 4 ? Math.floor(threads / 2) : threads);
  const streams = Number(config.NUM_STREAMS ?? (throughput ? -1 : 1));
  return {
    threads,
    streams: Math.min(threads, streams === -1 ? chosen : Math.max(1, streams)),
    spinMicroseconds: Number(config.CUVEE_SPIN_US ?? (throughput ? 0 : 100)),
    coreType,
    siblings,
    binding: (config.ENABLE_CPU_PINNING ?? (streams === 1 && isApart(place, threads, config))) ? 2 : asked > 0 ? 1 : 0,
  };
}

/**
 * Whether a team has a core of its own for each thread, and there is none left to go to: what came between pushes a thread aside, and Linux may
 * leave it beside another one of the team for some milliseconds while its own core has nothing to do. Threads of LOW priority go where they find time.
 */
const isApart = ({ whole, cpus }: ReturnType<Addon['placement']>, threads: number, { MODEL_PRIORITY }: Config): boolean =>
  process.platform === 'linux' && whole && threads > 1 && threads === cpus.length && MODEL_PRIORITY !== 'LOW';

/** The same in the properties' words. */
export const divisionProperties = ({ threads, streams, coreType, siblings, binding }: Division): Config => ({
  INFERENCE_NUM_THREADS: threads,
  NUM_STREAMS: streams,
  SCHEDULING_CORE_TYPE: types[coreType] as string,
  ENABLE_HYPER_THREADING: siblings,
  ENABLE_CPU_PINNING: binding === 2,
});
