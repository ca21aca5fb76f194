import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildSync } from 'esbuild';
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
        memory: expect.any(Number),
      });
  });

  it('takes a path from the current folder on', async () => {
    const native = await find();
    const path = 'path' in native ? native.path : '';
    vi.resetModules();
    expect(await find(relative(process.cwd(), path))).toMatchObject({ path });
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

  it('finds the package of the platform from a bundle, through the package that it belongs to, or says where it looked', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cuvee-loader-'));
    const source = join(import.meta.dirname, '../../src/binary.ts');
    const stdin = {
      contents: `import { findBinary } from ${JSON.stringify(source)}; console.log(JSON.stringify(findBinary()));`,
      resolveDir: folder,
    };
    for (const format of ['esm', 'cjs'] as const)
      buildSync({
        stdin,
        bundle: true,
        platform: 'node',
        format,
        outfile: join(folder, format === 'esm' ? 'esm.mjs' : 'cjs.cjs'),
        logLevel: 'error',
        logOverride: { 'empty-import-meta': 'silent' },
      });
    const say = (file: string) =>
      JSON.parse(
        execFileSync(process.execPath, [join(folder, file)], { encoding: 'utf8', env: { ...process.env, CUVEE_CPU_BINARY: '' } }),
      ) as { absent: string };
    for (const file of ['esm.mjs', 'cjs.cjs']) {
      const { absent } = say(file);
      expect(absent).toMatch(
        new RegExp(
          `^no native code is installed for ${process.platform} ${process.arch}.*Node-API \\d+\\. Type: npm install @cuvee/plugin-cpu-`,
        ),
      );
      expect(absent).toMatch(/Looked for:\n {2}@cuvee\/plugin-cpu-\S+: MODULE_NOT_FOUND\n {2}@cuvee\/plugin-cpu > /);
      expect(absent).toMatch(/--omit=optional/);
    }
    const name = /npm install (\S+)/.exec(say('esm.mjs').absent)?.[1] as string;
    const parent = join(folder, 'node_modules/@cuvee/plugin-cpu');
    const platform = join(parent, 'node_modules', name);
    mkdirSync(platform, { recursive: true });
    writeFileSync(join(parent, 'package.json'), '{"name":"@cuvee/plugin-cpu"}');
    writeFileSync(join(platform, 'package.json'), JSON.stringify({ name, main: 'cuvee_cpu.node' }));
    writeFileSync(join(platform, 'cuvee_cpu.node'), 'no library');
    expect(say('esm.mjs').absent).toMatch(new RegExp(`^the prebuilt package ${name} cannot be loaded`));
    rmSync(folder, { recursive: true });
  });
});
