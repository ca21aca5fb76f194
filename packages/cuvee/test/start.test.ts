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
  expect(readdirSync(codes)).toHaveLength(6); // core and plugin-cpu in two parts, frontend-onnx, plugin-reference
  expect(node(inference, codes)).toBe(plain);
});

test('import and require give one core, whoever asks, and what the plain module exports', () => {
  const program = `import { createRequire } from 'node:module';
import * as cuvee from 'cuvee';
import cpu from '@cuvee/plugin-cpu';
const require = createRequire(process.cwd() + '/x.js');
const plain = await import(require.resolve('@cuvee/core/package.json').replace('package.json', 'dist/index.js'));
const core = require('@cuvee/core');
console.log(require('cuvee').Core === cuvee.Core && cuvee.Tensor === core.Tensor && cuvee.builder === core.builder, require('@cuvee/core').Core === cuvee.Core, require('@cuvee/plugin-cpu').default === cpu);
console.log(Object.keys(require('@cuvee/core')).filter((name) => !name.startsWith('__')).join() === Object.keys(plain).join());
try {
  await new cuvee.Core({ plugins: [cpu()] }).readModel(new Uint8Array(9));
} catch (error) {
  console.log(error instanceof cuvee.CuveeError, error.code);
}`;
  expect(node(program, codes)).toBe('true true true\ntrue\ntrue MODEL_INVALID\n');
});

test('a process that a cache serves starts first parts alone, and those alone are compiled then', () => {
  const folder = join(codes, 'models');
  const program = `import { Core, Tensor } from 'cuvee';
const compiled = await new Core().compileModel(${JSON.stringify(resolve(import.meta.dirname, '../../../scripts/data/model.onnx'))}, 'CPU', { CACHE_DIR: ${JSON.stringify(folder)} });
const request = compiled.createInferRequest();
const { probabilities } = await request.inferAsync({ image: new Tensor('f32', [1, 3, 8, 8]) });
console.log(probabilities.data.length, compiled.getProperty('LOADED_FROM_CACHE'));`;
  const first = join(codes, 'first');
  expect(node(program, first)).toMatch(/ false\n$/);
  expect(readdirSync(first)).toHaveLength(5); // two of core, two of plugin-cpu, frontend-onnx
  for (const device of ['CPU', 'AUTO']) {
    const second = join(codes, `second-${device}`);
    const started = node(program.replace(`'CPU'`, `'${device}'`), second);
    expect(started).toMatch(/ true\n$/);
    expect(readdirSync(second)).toHaveLength(device === 'CPU' ? 2 : 4); // those of core and plugin-cpu; auto, plugin-reference
  }
});

test('what Node imports and what bundlers take are alike, also where the one is a stand-in', () => {
  const program = `import * as core from '@cuvee/core';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
const plain = await import(createRequire(process.cwd() + '/x.js').resolve('@cuvee/core/package.json').replace('package.json', 'dist/index.js'));
const told = (value) => typeof value === 'function' || typeof value === 'object' ? [typeof value, Object.getOwnPropertyNames(value).sort()].join() : value;
for (const name in plain) if (told(core[name]) !== told(plain[name])) console.log(name, told(core[name]), told(plain[name]));
class Mine extends core.PrePostProcessor {}
const model = new core.Model({ name: 'x', parameters: [], results: [], scope: core.createScope() });
const mine = new Mine(model);
console.log(mine instanceof core.PrePostProcessor, mine instanceof Mine, new core.Layout('NCHW') instanceof core.Layout, 'Relu' in core.shape, 'add' in core.shape);
console.log(core.rooms.get('Relu').name, core.rooms.size === [...core.rooms].length, inspect(core.builder), core.builder().scope instanceof core.ShapeScope);`;
  expect(node(program, codes)).toMatch(/^true true true false true\nRelu true \[Function: \w+\] true\n$/);
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
