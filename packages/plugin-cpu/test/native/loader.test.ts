import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const before = process.env['CUVEE_CPU_BINARY'];
beforeEach(() => vi.resetModules());
afterEach(() => {
  if (before === undefined) delete process.env['CUVEE_CPU_BINARY'];
  else process.env['CUVEE_CPU_BINARY'] = before;
});

/** What a fresh loader finds. */
async function find(binary?: string) {
  if (binary !== undefined) process.env['CUVEE_CPU_BINARY'] = binary;
  const { loadNative } = await import('../../src/native.js');
  return loadNative();
}

describe('the loader', () => {
  it('finds the local build', async () => {
    const native = await find();
    expect(native).toHaveProperty('path', expect.stringMatching(/cuvee_cpu\.node$/));
    if ('addon' in native)
      expect(native.addon.info()).toMatchObject({
        isa: expect.stringMatching(/^(scalar|avx2|avx512|neon)$/),
        block: expect.any(Number),
        cores: expect.any(Number),
      });
  });

  it('says why there is none, and never throws', async () => {
    expect(await find('/nowhere/cuvee_cpu.node')).toEqual({ absent: 'CUVEE_CPU_BINARY names /nowhere/cuvee_cpu.node, which is not there' });
    const folder = mkdtempSync(join(tmpdir(), 'cuvee-loader-'));
    const path = join(folder, 'broken.node');
    writeFileSync(path, 'no library');
    vi.resetModules();
    expect(await find(path)).toEqual({ absent: expect.stringContaining('cannot be loaded') });
    rmSync(folder, { recursive: true });
  });

  it('gives the device a reason to be absent', async () => {
    process.env['CUVEE_CPU_BINARY'] = '/nowhere/cuvee_cpu.node';
    const { cpu } = await import('../../src/index.js');
    expect(await cpu().devices()).toEqual([{ id: '', absent: expect.stringContaining('/nowhere/cuvee_cpu.node') }]);
  });
});
