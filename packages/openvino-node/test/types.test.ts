/** The built types, in a CommonJS and an ES module program, by each resolution that knows exports. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'out', 'test', 'openvino-node-types');
const program = readFileSync(new URL('types/program.cts', import.meta.url), 'utf8');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('types', () => {
  it.each([
    ['node16', 'cts', {}],
    ['node16', 'mts', {}],
    ['nodenext', 'cts', {}],
    ['esnext', 'ts', { moduleResolution: 'bundler' }],
  ])('%s, .%s', (module, ending, more) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `program.${ending}`), program);
    const compilerOptions = { module, ...more, target: 'es2022', strict: true, noEmit: true, types: ['node'] };
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [`program.${ending}`] }));
    const { status, stdout } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', folder], { encoding: 'utf8' });
    expect(status, stdout).toBe(0);
  });
});
