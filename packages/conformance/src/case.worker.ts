/** @file A process that runs cases, one after the other, as it is told; what kills it is the case's failure, not the run's. */
import type { Core } from 'cuvee';
import type { CaseRef, Outcome } from './case.js';
import { checks } from './contract/index.js';
import { runCheck } from './contract/run.js';
import { threadsOf } from './contract/start-thread.js';
import { coreWith, type Settings } from './core-with.js';
import { execute } from './execute.js';

export interface Job {
  readonly ref: CaseRef;
  readonly device: string;
  readonly plugin?: string | undefined;
  readonly settings?: Settings | undefined;
  readonly rtol: number;
  readonly atol: number;
}

let core: Promise<Core> | undefined;

async function outcomeOf(job: Job): Promise<Outcome> {
  const { ref, device, plugin, settings } = job;
  if (ref.kind !== 'contract') return execute(await (core ??= coreWith(plugin, settings)), device, ref, job);
  const check = checks.find(({ id }) => id === ref.id);
  if (!check) return { status: 'fail', reason: `there is no check ${ref.id}` };
  return runCheck(check, { device, settings, makeCore: () => coreWith(plugin), startThread: threadsOf(job) });
}

process.on('message', (job: Job) => {
  void outcomeOf(job)
    .catch((error: unknown): Outcome => ({ status: 'fail', reason: String(error) }))
    .then((outcome) => process.send?.(outcome));
});
