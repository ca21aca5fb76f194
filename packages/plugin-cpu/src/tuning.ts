/**
 * @file Choices of kernels that were measured (`CUVEE_TUNE`), kept beside compiled models: `CACHE_DIR/tuned-<instruction set>.txt`. The first
 * line names the processor; each other one a layer, the number of its kernel, and microseconds without and with it. Files of other processors
 * and lines that make no sense are left out; the worst that a damaged file does is to choose a slower kernel.
 */
import type { Config } from '@cuvee/core';
import type { Addon } from './native.js';

const fs = () => process.getBuiltinModule('node:fs');

/** Folders that this process has read. */
const read = new Set<string>();

/** First line of a file for this machine. */
function head(): string {
  const cpus = process.getBuiltinModule('node:os').cpus();
  return `cuvee tuning 1: ${cpus[0]?.model.trim() ?? 'unknown'}`;
}

/** The choices that a folder keeps for this machine; none when there is no such file. */
function kept(path: string): Uint8Array | undefined {
  let text: string;
  try {
    text = fs().readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  const end = text.indexOf('\n');
  return text.slice(0, end) === head() ? new TextEncoder().encode(text.slice(end + 1)) : undefined;
}

/** What a compiled model does about measured choices. */
export interface Tuning {
  /** New ones are measured. */
  readonly tune: boolean;
  /** Writes those that were learnt since the last call; a folder that cannot be written keeps nothing. */
  keep(): void;
}

/** Reads what the configuration's folder has, once in a process. */
export function tuningOf(addon: Addon, config: Config): Tuning {
  const tune = config.CUVEE_TUNE === true;
  const folder = typeof config.CACHE_DIR === 'string' && config.CACHE_DIR !== '' ? config.CACHE_DIR : undefined;
  const path = folder && `${folder}/tuned-${addon.info().isa}.txt`;
  const load = (): void => {
    const choices = path && kept(path);
    if (choices) addon.tuning(choices);
  };
  if (path && !read.has(path)) {
    read.add(path);
    load();
  }
  let learnt = 0;
  return {
    tune,
    keep() {
      if (!path || !tune || addon.tuning().learnt === learnt) return;
      load(); // what other processes learnt meanwhile
      const { text, learnt: now } = addon.tuning();
      learnt = now;
      const half = `${path}.${process.pid}.tmp`;
      try {
        fs().mkdirSync(folder as string, { recursive: true });
        fs().writeFileSync(half, `${head()}\n${text}`);
        fs().renameSync(half, path);
      } catch {
        // The next process measures again.
      }
    },
  };
}
