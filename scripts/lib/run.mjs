/** @file Running commands with progress on stderr, so that stdout stays free for results. Plain Node, no dependency. */
import { spawn, spawnSync } from 'node:child_process';
import { root } from './workspace.mjs';

/** A failure whose message is meant for the person at the terminal: printed without a stack. */
export class SetupError extends Error {}

/** One progress line. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Times `work` and says what it was; a step that finds nothing to do returns false and stays silent. */
export async function step(title, work) {
  const start = performance.now();
  const did = await work();
  if (did !== false) say(`cuvee: ${title} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
}

/** Whether `command` can be started at all. */
export const available = (command, args = ['--version']) =>
  spawnSync(command, args, { stdio: 'ignore', shell: process.platform === 'win32' }).status === 0;

/** First line that `command --version` prints, or '' when it is absent. */
export const versionOf = (command) => {
  const { stdout, status } = spawnSync(command, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' });
  return status === 0 ? (stdout.split('\n')[0] ?? '') : '';
};

/**
 * Runs a command to its end and resolves to its exit code (a signal counts as 1). Its stdout goes to our stderr
 * unless `stdout` says 'inherit'.
 */
export function run(command, args, { cwd = root, env = {}, stdout = 'stderr' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', stdout === 'inherit' ? 'inherit' : 2, 2],
      shell: process.platform === 'win32',
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Runs a command that has to succeed; throws a `SetupError` with the line to type otherwise. */
export async function must(command, args, options = {}) {
  const code = await run(command, args, options).catch(() => 127);
  if (code !== 0)
    throw new SetupError(`${[command, ...args].join(' ')} failed with exit code ${code}.${options.hint ? `\n${options.hint}` : ''}`);
}

/** Runs `main`, printing a `SetupError` without a stack; the exit code is what `main` resolves to (default 0). */
export function entry(main) {
  main().then(
    (code) => {
      process.exitCode = code ?? 0;
    },
    (error) => {
      say(error instanceof SetupError ? `cuvee: ${error.message}` : error.stack);
      process.exitCode = 1;
    },
  );
}
