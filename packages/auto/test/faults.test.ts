/** Devices that fail, hang, vanish and return under load; `faults.ts` alone does it at full scale. */
import { describe, expect, it } from 'vitest';
import { complaints, faults, faultyDevices } from './faults.js';

describe('no inference is lost, doubled or wrong', () => {
  it.each(faultyDevices)('%s', async (device) => {
    const report = await faults(device, { inferences: 400, deadline: 250 });
    expect(complaints(report, 256 * 2 ** 20)).toEqual([]);
    expect(report.right + Object.values(report.errors).reduce((a, b) => a + b, 0)).toBe(400);
    // where one stays, no loss reaches a caller
    if (/CPU|STEADY/.test(device)) expect(report.errors).toEqual({});
  });
});
