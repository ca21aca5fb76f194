/** The suite can fail: every check passes on a sound device, and catches one that breaks its rule. */
import { afterEach, describe, expect, it } from 'vitest';
import { checks } from '../../src/contract/index.js';
import { runCheck } from '../../src/contract/run.js';
import { brokenDevices } from './broken-devices.js';
import { brokenRuns, forget } from './broken-runs.js';
import { makeCore } from './sound.js';

const broken = { ...brokenDevices, ...brokenRuns };
/** Checks that only the command runs: they need bundles for threads and processes. */
const elsewhere = ['threads/several', 'threads/terminated', 'threads/exit'];

afterEach(forget);

describe('each rule of the contract', () => {
  it('has a device that breaks it', () => {
    expect(checks.map((c) => c.id).filter((id) => !broken[id] && !elsewhere.includes(id))).toEqual([]);
    expect(new Set(checks.map((c) => c.id)).size).toBe(checks.length);
  });

  it.each(checks.filter((c) => !elsewhere.includes(c.id)))('$id', async (check) => {
    expect(await runCheck(check, { device: 'SOUND', makeCore: () => makeCore() })).toMatchObject({ status: 'pass' });
    const caught = await runCheck(check, { device: 'SOUND', makeCore: () => makeCore(broken[check.id]) });
    expect(caught.status, check.says.join(' ')).toBe('fail');
  });
});
