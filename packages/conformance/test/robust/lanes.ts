/** Runs jobs in child processes, side by side, each with a limit on its time; a dead process is an answer of its own. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildSync, type BuildOptions } from 'esbuild';

/** A child for plain Node from its TypeScript: the path of the bundle, in the package's `build`. */
export function bundled(entry: URL, name: string, options: BuildOptions = {}): string {
  const outfile = fileURLToPath(new URL(`../../build/${name}`, import.meta.url));
  buildSync({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'error',
    ...options,
  });
  return outfile;
}

/** How the jobs run. */
export interface Lanes {
  /** Bundle of a module that answers each message with one message. */
  readonly child: string;
  readonly lanes?: number;
  readonly limitMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** The end of a child that gave no answer. */
export interface Dead {
  /** `hang`, or `crash: ` and the signal or exit code. */
  readonly dead: string;
}

/** Each job with its answer, in the order in which they came. */
export async function runLanes<Job extends object, Answer extends object>(
  jobs: readonly Job[],
  { child, lanes = 2, limitMs = 20_000, env = {} }: Lanes,
  told: (job: Job, answer: Answer | Dead) => void,
): Promise<void> {
  const start = (): ChildProcess =>
    fork(child, [], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: { ...process.env, ...env } });
  const one = (process: ChildProcess, job: Job): Promise<Answer | Dead> =>
    new Promise((resolve) => {
      const done = (answer: Answer | Dead): void => {
        clearTimeout(timer);
        process.removeAllListeners();
        resolve(answer);
      };
      const ends = (dead: string): void => {
        process.kill('SIGKILL');
        done({ dead });
      };
      const timer = setTimeout(() => ends('hang'), limitMs);
      process.once('exit', (code, signal) => ends(`crash: ${signal ?? code}`));
      process.once('message', (answer) => done(answer as Answer));
      process.send(job);
    });
  let next = 0;
  const lane = async (): Promise<void> => {
    let process = start();
    for (let job = jobs[next++]; job; job = jobs[next++]) {
      told(job, await one(process, job));
      if (!process.connected || process.killed) process = start();
    }
    process.kill();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
