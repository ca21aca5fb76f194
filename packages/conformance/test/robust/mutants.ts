/** Runs mutants in child processes, two side by side, with a limit on time and memory; a dead process is a finding. */
import { bundled, runLanes, type Dead } from './lanes.js';
import type { MutantAnswer, MutantJob } from './mutant.child.js';

const limitMs = 20_000;
/** Bytes that one mutant may make resident. */
const limitBytes = 2 ** 30;

/** One mutant's story; `bad` when it is a crash, a hang, too much memory, or no CuveeError of the user's side. */
export interface Finding extends MutantAnswer, MutantJob {
  readonly bad: boolean;
}

/** Every job's finding, in any order. */
export async function runMutants(jobs: readonly MutantJob[], lanes = 2): Promise<Finding[]> {
  // The packages as users load them.
  const child = bundled(new URL('./mutant.child.ts', import.meta.url), 'mutant.child.js', { external: ['cuvee', '@cuvee/*'] });
  const findings: Finding[] = [];
  await runLanes<MutantJob, MutantAnswer>(jobs, { child, lanes, limitMs }, (job, answer: MutantAnswer | Dead) => {
    if ('dead' in answer) findings.push({ ...job, what: '', outcome: answer.dead, message: '', peakBytes: 0, ms: limitMs, bad: true });
    else findings.push({ ...job, ...answer, bad: answer.peakBytes > limitBytes || ['slip', 'not a CuveeError'].includes(answer.outcome) });
  });
  return findings;
}
