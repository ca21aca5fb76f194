/** The packages as Node and as bundlers take them: compiled code of earlier processes, one core, equal results. On dist. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';

const codes = mkdtempSync(join(tmpdir(), 'cuvee-codes-'));
afterAll(() => rmSync(codes, { recursive: true, force: true }));

function node(program: string, cache: string): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: '', CUVEE_CODE_CACHE: cache },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

const inference = `import { Core, Tensor } from 'cuvee';
const core = new Core();
const model = await core.readModel(${JSON.stringify(resolve(import.meta.dirname, '../../../scripts/data/model.onnx'))});
for (const device of ['CPU', 'REFERENCE']) {
  const request = (await core.compileModel(model, device)).createInferRequest();
  const image = new Tensor('f32', [1, 3, 8, 8], Float32Array.from({ length: 192 }, (_, i) => Math.sin(i)));
  const { probabilities } = await request.inferAsync({ image });
  console.log(device, [...probabilities.data].join());
}`;

test('results are the same without code files, when they are made, and with them', () => {
  const plain = node(inference, '0');
  expect(plain).toMatch(/^CPU [-\d.e,]+\nREFERENCE [-\d.e,]+\n$/);
  expect(node(inference, codes)).toBe(plain);
  expect(readdirSync(codes)).toHaveLength(4); // core, frontend-onnx, plugin-cpu, plugin-reference
  expect(node(inference, codes)).toBe(plain);
});

test('import and require give one core, whoever asks, and what the plain module exports', () => {
  const program = `import { createRequire } from 'node:module';
import * as cuvee from 'cuvee';
import cpu from '@cuvee/plugin-cpu';
const require = createRequire(process.cwd() + '/x.js');
const plain = await import(require.resolve('@cuvee/core/package.json').replace('package.json', 'dist/index.js'));
console.log(require('cuvee').Core === cuvee.Core, require('@cuvee/core').Core === cuvee.Core, require('@cuvee/plugin-cpu').default === cpu);
console.log(Object.keys(require('@cuvee/core')).filter((name) => !name.startsWith('__')).join() === Object.keys(plain).join());
try {
  await new cuvee.Core({ plugins: [cpu()] }).readModel(new Uint8Array(9));
} catch (error) {
  console.log(error instanceof cuvee.CuveeError, error.code);
}`;
  expect(node(program, codes)).toBe('true true true\ntrue\ntrue MODEL_INVALID\n');
});

test('a device that discovery started is the one that import and require give', () => {
  const program = `import { createRequire } from 'node:module';
import { Core } from 'cuvee';
let loaded = 0;
const { dlopen } = process;
process.dlopen = (...given) => { loaded++; return dlopen.apply(process, given); };
const first = new Core().getAvailableDevices().includes('CPU');
const { default: cpu } = await import('@cuvee/plugin-cpu');
const second = new Core({ plugins: [cpu()] }).getAvailableDevices().includes('CPU');
console.log(first, second, createRequire(process.cwd() + '/x.js')('@cuvee/plugin-cpu').default === cpu, loaded);`;
  expect(node(program, codes)).toBe('true true true 1\n');
});

test.each(['node', 'browser'] as const)('a bundler for %s takes the plain modules', async (platform) => {
  const { metafile } = await build({
    stdin: { contents: `export * from '@cuvee/core'; export { default } from '@cuvee/frontend-onnx';`, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform,
    external: ['node:*'],
  });
  const taken = Object.keys(metafile.inputs).filter((path) => path.includes('/core/') || path.includes('/frontend-onnx/'));
  expect(taken.map((path) => path.split('/').slice(-3).join('/'))).toEqual(['core/dist/index.js', 'frontend-onnx/dist/index.js']);
});
