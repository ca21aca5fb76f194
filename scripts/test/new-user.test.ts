/**
 * A new user's path, typed as docs/quickstart.md has it, in an empty folder: `npm install cuvee` gets the packed tarballs from a registry
 * on this machine, and the page's program says what is in the photograph. And a device of a third party: its package, installed beside
 * packed Cuvée, is found and used.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../docs/blocks.js';
import { startRegistry } from '../lib/registry.mjs';
import { filesOf, packFolders, stage } from '../lib/staging.mjs';
import { packages, root } from '../lib/workspace.mjs';
import { packAll } from '../pack.mjs';

const page = readFileSync(join(root, 'docs', 'quickstart.md'), 'utf8');
const blocks = blocksOf(page, 'docs/quickstart.md');
const folder = mkdtempSync(join(tmpdir(), 'cuvee-new-user-'));
let registry: Awaited<ReturnType<typeof startRegistry>> | undefined;

/** Types a line in a folder; its output, or the failure with all that was said. */
function type(line: string, cwd: string): Promise<string> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST|CUVEE_)/i.test(name));
  const env = {
    ...Object.fromEntries(kept),
    npm_config_registry: registry?.address,
    npm_config_prefer_offline: 'true',
    npm_config_fund: 'false',
  };
  return new Promise((done, fail) => {
    const child = execFile('bash', ['-euc', line], { cwd, env, timeout: 100_000 }, (error, stdout, stderr) =>
      error ? fail(new Error(`${line}\n${stdout}${stderr}`)) : done(stdout),
    );
    child.stdin?.end();
  });
}

beforeAll(async () => {
  const [out, staging] = ['packages', 'staging'].map((name) => join(root, 'out', 'test', 'new-user', name)) as [string, string];
  const { packed } = packAll(out, staging);
  const others = packages().filter(({ name }) => name === 'cuvee-device-mine');
  expect(others).toHaveLength(1);
  registry = await startRegistry([
    ...packed,
    ...packFolders(
      others.map((pack) => stage(pack, [], join(staging, 'others'))),
      join(out, 'others'),
    ),
  ]);
}, 100_000);
afterAll(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe('a new user', () => {
  const first = join(folder, 'first');
  const [install, program] = [blocks.find(({ language }) => language === 'sh'), blocks.find(({ language }) => language === 'js')];

  it('installs cuvee as the page says, without a script', { timeout: 110_000 }, async () => {
    expect(install?.code).toContain('npm install cuvee');
    await type(install!.code, folder);
    const files = filesOf(join(first, 'node_modules'));
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    expect(bytes, 'all of cuvee with the command line').toBeLessThan(15e6);
    const lock = readFileSync(join(first, 'node_modules', '.package-lock.json'), 'utf8');
    expect(lock).not.toContain('hasInstallScript');
  });
  it('classifies a photograph in ten lines', async () => {
    const linked = [...page.matchAll(/\]\((\.\.\/[^)]+\.(?:onnx|json|png))\)/g)].map(([, path]) => resolve(root, 'docs', path!));
    expect(linked).toHaveLength(3);
    for (const path of linked) copyFileSync(path, join(first, basename(path)));
    expect(program!.code.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(10);
    writeFileSync(join(first, 'classify.js'), program!.code);
    expect((await type('node classify.js', first)).trim()).toBe('espresso');
  });
  it('has the command line', async () => {
    expect(await type('npx cuvee devices', first)).toMatch(/^CPU +\S/m);
    expect(await type('npx cuvee run mobilenet_v2.onnx --input images=coffee.png --json', first)).toContain('"logits"');
  });
});

describe('a device of a third party', () => {
  const project = join(folder, 'third');
  const program = `import { Core, Model, Tensor, builder } from '@cuvee/core';
const g = builder();
const x = g.parameter('f32', '?', 'x');
const model = new Model({ name: 'sum', parameters: [x.node], results: [g.result(g.add(x, x), 'y')], scope: g.scope });
const core = new Core();
for (const device of ['MINE', 'AUTO:MINE,CPU', 'HETERO:MINE,CPU']) {
  const request = (await core.compileModel(model, device, device === 'AUTO:MINE,CPU' ? { ENABLE_STARTUP_FALLBACK: false } : {})).createInferRequest();
  const { y } = await request.inferAsync({ x: new Tensor('f32', [2], Float32Array.of(1, 2)) });
  console.log(device, request.executionDevices.join(), y.data.join());
}
`;

  it('is installed beside packed Cuvée and found by its package.json', { timeout: 110_000 }, async () => {
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
    await type('npm install cuvee-device-mine @cuvee/core @cuvee/plugin-cpu @cuvee/auto @cuvee/hetero @cuvee/conformance', project);
    expect(
      filesOf(join(project, 'node_modules', 'cuvee-device-mine')).some(({ path }) => path.endsWith('.ts') && !path.endsWith('.d.ts')),
    ).toBe(false);
    writeFileSync(join(project, 'program.js'), program);
    expect(await type('node program.js', project)).toBe('MINE MINE 2,4\nAUTO:MINE,CPU MINE 2,4\nHETERO:MINE,CPU MINE 2,4\n');
  });
  it('is proven by its author, with the suite as it is published', { timeout: 110_000 }, async () => {
    const said = await type("npx cuvee-conformance --contract --plugin cuvee-device-mine --device MINE --only 'requests/*'", project);
    expect(said).toMatch(/^8 passed, 0 failed/m);
  });
});
