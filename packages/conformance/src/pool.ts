/** @file Runs cases in child processes: parallel, isolated from crashes, with a limit on time and memory. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CaseRef, Outcome } from './case.js';
import type { Settings } from './core-with.js';

export interface PoolOptions {
  readonly device: string;
  readonly plugin?: string | undefined;
  readonly settings?: Settings | undefined;
  readonly jobs: number;
  readonly rtol: number;
  readonly atol: number;
  /** Seconds for one case. */
  readonly timeout: number;
  readonly onResult: (ref: CaseRef, outcome: Outcome) => void;
}

/** The worker's bundle lies beside this module's. */
const workerFile = fileURLToPath(new URL('./case.worker.js', import.meta.url));

/** Cases that one process runs before a fresh one takes over: keeps one case's leftovers from another's memory. */
const perProcess = 200;

/** Runs all cases; every one gets an outcome. */
export async function runAll(refs: readonly CaseRef[], options: PoolOptions): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    let child: ChildProcess | undefined;
    for (let served = 0; ; served++) {
      const ref = refs[next++];
      if (!ref) break;
      if (!child || served % perProcess === 0) {
        child?.kill();
        child = fork(workerFile, [], {
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
          execArgv: ['--max-old-space-size=4096'],
        });
      }
      const outcome = await one(child, ref, options);
      if (outcome.dead) child = undefined;
      options.onResult(ref, outcome.outcome);
    }
    child?.kill();
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(options.jobs, refs.length)) }, lane));
}

function one(
  child: ChildProcess,
  ref: CaseRef,
  { device, plugin, settings, rtol, atol, timeout }: PoolOptions,
): Promise<{ outcome: Outcome; dead: boolean }> {
  return new Promise((resolve) => {
    const finish = (outcome: Outcome, dead: boolean): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      if (dead) child.kill('SIGKILL');
      resolve({ outcome: ref.op ? { ...outcome, op: ref.op } : outcome, dead });
    };
    const timer = setTimeout(() => finish({ status: 'fail', reason: `hang: no answer after ${timeout} s` }, true), timeout * 1000);
    child.once('message', (outcome: Outcome) => finish(outcome, false));
    child.once('exit', (code, signal) =>
      finish({ status: 'fail', reason: `crash: the process ended with ${signal ?? `code ${code}`}` }, true),
    );
    child.once('error', (error) => finish({ status: 'fail', reason: `crash: ${error.message}` }, true));
    child.send({ ref, device, plugin, settings, rtol, atol });
  });
}
