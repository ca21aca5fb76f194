/** Runs mutants in child processes, two side by side, with a limit on time and memory; a dead process is a finding. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { MutantAnswer, MutantJob } from './mutant.child.js';

/** The child for plain Node, with the packages as users load them. */
function bundled(): string {
  const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
  const outfile = path('../../build/mutant.child.js');
  buildSync({
    entryPoints: [path('./mutant.child.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: ['cuvee', '@cuvee/*'],
  });
  return outfile;
}
const limitMs = 20_000;
/** Bytes that one mutant may make resident. */
const limitBytes = 2 ** 30;

/** One mutant's story; `bad` when it is a crash, a hang, too much memory, or no CuveeError of the user's side. */
export interface Finding extends MutantAnswer, MutantJob {
  readonly bad: boolean;
}

const start = (child: string): ChildProcess => fork(child, [], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });

function one(process: ChildProcess, job: MutantJob): Promise<Finding> {
  return new Promise((resolve) => {
    const done = (answer: Omit<MutantAnswer, 'ms'> & { ms?: number }, bad: boolean): void => {
      clearTimeout(timer);
      process.removeAllListeners();
      resolve({ ms: limitMs, ...job, ...answer, bad });
    };
    const dead = (outcome: string): void => {
      process.kill('SIGKILL');
      done({ what: '', outcome, message: '', peakBytes: 0 }, true);
    };
    const timer = setTimeout(() => dead('hang'), limitMs);
    process.once('exit', (code, signal) => dead(`crash: ${signal ?? code}`));
    process.once('message', (answer: MutantAnswer) =>
      done(answer, answer.peakBytes > limitBytes || ['slip', 'not a CuveeError'].includes(answer.outcome)),
    );
    process.send(job);
  });
}

/** Every job's finding, in any order. */
export async function runMutants(jobs: readonly MutantJob[], lanes = 2): Promise<Finding[]> {
  const child = bundled();
  const findings: Finding[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    let process = start(child);
    for (let job = jobs[next++]; job; job = jobs[next++]) {
      const finding = await one(process, job);
      findings.push(finding);
      if (!process.connected || process.killed) process = start(child);
    }
    process.kill();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return findings;
}
