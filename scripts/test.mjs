/**
 * @file `npm test`: sets up what is missing, runs every test that this machine can run, and ends with
 * `N passed, N failed, N skipped`. A skip without a reason counts as a failure. Arguments go to vitest (`npm test -- packages/core`).
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { nativeBuild } from './lib/native.mjs';
import { entry, run, say } from './lib/run.mjs';
import { root } from './lib/workspace.mjs';
import { setup } from './setup.mjs';

/** @typedef {{ passed: number, failed: string[], skipped: { name: string, reason: string }[] }} Outcome */

/** @returns {Promise<Outcome>} */
async function vitest(args) {
  const report = join(root, 'out', 'test', 'vitest.json');
  rmSync(report, { force: true });
  mkdirSync(join(root, 'out', 'test'), { recursive: true });
  const reporter = join(root, 'scripts', 'lib', 'vitest-reporter.mjs');
  const code = await run(
    process.execPath,
    [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', `--reporter=${reporter}`, ...args],
    {
      env: { CUVEE_TEST_REPORT: report },
    },
  );
  if (!existsSync(report)) return { passed: 0, failed: [`vitest ended with exit code ${code} and no report`], skipped: [] };
  const outcome = JSON.parse(readFileSync(report, 'utf8'));
  if (code !== 0 && outcome.failed.length === 0 && outcome.passed > 0) outcome.failed.push(`vitest ended with exit code ${code}`);
  return outcome;
}

/** The native test binary ends with `N passed, N failed[, N skipped]` explains a failure as `FAIL NAME: …`, a skip as `skip NAME: REASON`. @returns {Outcome} */
function native() {
  const binary = join(nativeBuild, process.platform === 'win32' ? 'cuvee_native_test.exe' : 'cuvee_native_test');
  if (!existsSync(binary))
    return { passed: 0, failed: [], skipped: [{ name: 'native kernels', reason: 'cuvee_native_test is not built on this machine' }] };
  const { status, signal, stdout, stderr } = spawnSync(binary, [], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const text = `${stdout}${stderr}`;
  const counts = /^(\d+) passed, (\d+) failed/m.exec(text);
  const failed = [...new Map([...text.matchAll(/^FAIL ([^:]+): .*$/gm)].map(([line, name]) => [name, line])).values()];
  const skipped = [...text.matchAll(/^skip(?:ped)? ([^:]+): (.+)$/gim)].map(([, name, reason]) => ({ name, reason }));
  if (status !== 0 && failed.length === 0)
    failed.push(`cuvee_native_test ended with ${signal ?? `exit code ${status}`}: ${text.slice(-2000)}`);
  return { passed: counts ? Number(counts[1]) : Number(status === 0), failed, skipped };
}

/** A set-up that breaks is one failure; what can still run, runs. @returns {Promise<Outcome>} */
async function prepared() {
  try {
    await setup({ types: false });
    return { passed: 0, failed: [], skipped: [] };
  } catch (error) {
    return { passed: 0, failed: [`set-up: ${error.message}`], skipped: [] };
  }
}

entry(async () => {
  const only = process.argv.slice(2);
  const outcomes = [await prepared(), await vitest(only), ...(only.length === 0 ? [native()] : [])];
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.flatMap((outcome) => outcome.failed);
  const skipped = outcomes.flatMap((outcome) => outcome.skipped);
  failed.push(...skipped.filter(({ reason }) => !reason).map(({ name }) => `${name}: skipped without a reason`));
  const excused = skipped.filter(({ reason }) => reason);
  for (const { name, reason } of excused) console.log(`skipped ${name}: ${reason}`);
  for (const line of failed) console.log(`failed ${line}`);
  if (passed + failed.length === 0) say('cuvee: no test ran');
  console.log(`${passed} passed, ${failed.length} failed, ${excused.length} skipped`);
  return failed.length > 0 || passed === 0 ? 1 : 0;
});
