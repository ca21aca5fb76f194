/** What Node does with compiled code of earlier processes: each test starts processes on a bundle of three lines. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'cuvee-start-'));
const codes = join(folder, 'codes');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `node main.js WORK…` tells of work and prints what the bundle answers, and whether V8 took compiled code. */
beforeAll(() => {
  buildSync({
    entryPoints: [fileURLToPath(new URL('../src/start.ts', import.meta.url))],
    outfile: join(folder, 'start.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'node.cjs'),
    `(function (require, moduleUrl, assign) { "use strict"; const exports = {}; assign(exports); const other = require('other'); let hears;
exports.onWork = (listener) => { hears = listener; };
exports.answer = (work) => { hears(work); return [moduleUrl.slice(-8), require('house').name, other.missing === undefined].join(); }; })//0123456789abcdef`,
  );
  mkdirSync(join(folder, 'node_modules', 'other'), { recursive: true });
  writeFileSync(join(folder, 'node_modules', 'other', 'index.js'), 'globalThis.touched = true;');
  writeFileSync(
    join(folder, 'main.js'),
    `import vm from 'node:vm';
import { syncBuiltinESMExports } from 'node:module';
let taken = 'none';
const Script = vm.Script;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    if (options.cachedData) taken = this.cachedDataRejected ? 'rejected' : 'taken';
  }
};
syncBuiltinESMExports();
const { start } = await import('./start.js');
const all = start(import.meta.url, { house: { name: 'house' } });
const before = globalThis.touched === true;
process.stdout.write([all.answer(process.argv.slice(2)), before, taken].join(' '));`,
  );
});
beforeEach(() => rmSync(codes, { recursive: true, force: true }));

function run(work: readonly string[], { env = {}, flags = [] }: { env?: Record<string, string>; flags?: readonly string[] } = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, join(folder, 'main.js'), ...work], {
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: '', CUVEE_CODE_CACHE: codes, ...env },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const [answer, touchedBefore, taken] = stdout.split(' ');
  expect(answer).toBe('/main.js,house,true');
  expect(touchedBefore).toBe('false'); // a foreign package waits until it is needed
  return taken ?? '';
}
const files = (): string[] => readdirSync(codes).map((name) => join(codes, name));
const only = (): string => {
  expect(files()).toHaveLength(1);
  return files()[0] as string;
};

test('the second process takes what the first compiled', () => {
  expect(run(['CPU Relu'])).toBe('none');
  expect(run(['CPU Relu'])).toBe('taken');
  expect(statSync(codes).mode & 0o777).toBe(0o700);
  expect(statSync(only()).mode & 0o777).toBe(0o600);
});

test('no work, no file', () => {
  expect(run([])).toBe('none');
  expect(() => files()).toThrow('ENOENT');
});

test('work that the file does not know is added; known work writes nothing', () => {
  run(['CPU Relu']);
  run(['CPU Relu']);
  const second = readFileSync(only());
  run(['CPU Relu']);
  expect(readFileSync(only()).equals(second)).toBe(true);
  expect(run(['CPU Softmax'])).toBe('taken');
  expect(readFileSync(only(), 'latin1')).toContain('["CPU Relu","again","CPU Softmax"]');
});

test('the second process writes the file once more, with all that the first had', () => {
  /** Bytes of V8's data, and the kinds of work. */
  const content = (): { readonly bytes: number; readonly known: readonly string[] } => {
    const [data = '', json = ''] = readFileSync(only(), 'latin1').split('["CPU', 2);
    return { bytes: data.length, known: JSON.parse(`["CPU${json.slice(0, json.indexOf(']') + 1)}`) as string[] };
  };
  run(['CPU Relu']);
  const first = content();
  expect(first.known).toEqual(['CPU Relu']);
  run(['CPU Relu']);
  expect(content().known).toEqual(['CPU Relu', 'again']);
  expect(content().bytes).toBeGreaterThanOrEqual(first.bytes);
});

test('a damaged file is no file, and is replaced', () => {
  run(['CPU Relu']);
  const sound = readFileSync(only());
  const damages: readonly ((bytes: Buffer) => Buffer)[] = [
    (bytes) => bytes.fill((bytes[200] as number) ^ 1, 200, 201),
    (bytes) => bytes.subarray(0, 300),
    (bytes) => bytes.fill(255, bytes.length - 8),
    () => Buffer.alloc(0),
  ];
  for (const damage of damages) {
    writeFileSync(only(), damage(Buffer.from(sound)));
    expect(run(['CPU Relu'])).toBe('none');
    expect(run(['CPU Relu'])).toBe('taken');
  }
});

test('code that V8 rejects is replaced', () => {
  run(['CPU Relu']);
  const source = readFileSync(join(folder, 'node.cjs'), 'utf8');
  const { atime, mtime } = statSync(join(folder, 'node.cjs'));
  // A sound file under this script's name with another script's code: its source has another length.
  const bytes = readFileSync(only());
  writeFileSync(join(folder, 'node.cjs'), source.replace('//', '// another').replace('0', 'f'));
  run(['CPU Relu']);
  const other = files().find((file) => !readFileSync(file).equals(bytes)) as string;
  writeFileSync(other, bytes);
  expect(run(['CPU Relu'])).toBe('rejected');
  expect(run(['CPU Relu'])).toBe('taken');
  writeFileSync(join(folder, 'node.cjs'), source);
  utimesSync(join(folder, 'node.cjs'), atime, mtime);
});

test('flags that change V8 have a file of their own', () => {
  run(['CPU Relu']);
  expect(run(['CPU Relu'], { flags: ['--no-opt'] })).toBe('none');
  expect(files()).toHaveLength(2);
  expect(run(['CPU Relu'])).toBe('taken');
});

test('switched off, under coverage, or without a home nothing is read or written', () => {
  run(['CPU Relu']);
  expect(run(['CPU Tanh'], { env: { CUVEE_CODE_CACHE: '0' } })).toBe('none');
  expect(run(['CPU Tanh'], { env: { NODE_V8_COVERAGE: join(folder, 'coverage') } })).toBe('none');
  expect(run(['CPU Tanh'], { env: { CUVEE_CODE_CACHE: '', HOME: '', XDG_CACHE_HOME: '', LOCALAPPDATA: '' } })).toBe('none');
  expect(readFileSync(only(), 'latin1')).not.toContain('Tanh');
});

test('the cache folder of the user is the place unless another is named', () => {
  expect(run(['CPU Relu'], { env: { CUVEE_CODE_CACHE: '', HOME: codes, XDG_CACHE_HOME: codes, LOCALAPPDATA: codes } })).toBe('none');
  expect(run(['CPU Relu'], { env: { CUVEE_CODE_CACHE: '', HOME: codes, XDG_CACHE_HOME: codes, LOCALAPPDATA: codes } })).toBe('taken');
});

test('a folder, file or link that another could have made is not read', ({ skip }) => {
  skip(process.platform === 'win32', 'Windows has no such modes');
  run(['CPU Relu']);
  chmodSync(codes, 0o777);
  expect(run(['CPU Relu'])).toBe('none');
  expect(statSync(codes).mode & 0o777).toBe(0o777);
  chmodSync(codes, 0o700);
  chmodSync(only(), 0o666);
  expect(run(['CPU Relu'])).toBe('none');
  expect(run(['CPU Relu'])).toBe('taken');
  const elsewhere = join(folder, 'elsewhere.code');
  const name = only();
  writeFileSync(elsewhere, readFileSync(name), { mode: 0o600 });
  rmSync(name);
  symlinkSync(elsewhere, name);
  expect(run(['CPU Relu'])).toBe('none');
  expect(run(['CPU Relu'])).toBe('taken');
});

test('a folder that cannot be made changes nothing', () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const env = { CUVEE_CODE_CACHE: join(file, 'codes') };
  expect(run(['CPU Relu'], { env })).toBe('none');
  expect(run(['CPU Relu'], { env })).toBe('none');
});

test('files that nobody wrote for a month go', () => {
  mkdirSync(codes, { mode: 0o700 });
  const old = join(codes, 'old.code');
  writeFileSync(old, 'x');
  utimesSync(old, 0, 0);
  run(['CPU Relu']);
  expect(files()).not.toContain(old);
  expect(files()).toHaveLength(1);
});

test('a second part starts when something of it is first touched, by whom it may be', () => {
  const two = join(folder, 'two');
  mkdirSync(two);
  writeFileSync(join(two, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(two, 'node.cjs'),
    `(function (require, url, assign) { const second = require('#b.ts'); globalThis.begun = 0;
assign({ now: 1, viaBorder: () => second.double(21) }, () => ({ '#a.ts': { base: 20 } }), ['late', 'Late', 'table']); })//0123456789abcdef`,
  );
  const rest = `(function (require, url, assign) { globalThis.begun++; const { base } = require('#a.ts');
class Late { #x = base; get x() { return this.#x; } static made() { return new this(); } }
assign({ late: (n) => n + base, Late, table: new Map([['k', base]]) }, () => ({ '#b.ts': { double: (n) => 2 * n } })); })//fedcba9876543210`;
  const main = `import { later, start } from '../start.js';
const all = start(import.meta.url);
const [late, Late, table] = [['late', 'function'], ['Late', 'function'], ['table', 'Map']].map(([name, kind]) => later(all, name, kind));
const out = [all.now, all.missing, globalThis.begun];
try { late(1); } catch (error) { out.push(error.code); }
`;
  const program = (text: string): string => {
    writeFileSync(join(two, 'main.js'), main + text);
    const { stdout, stderr } = spawnSync(process.execPath, [join(two, 'main.js')], {
      encoding: 'utf8',
      env: { ...process.env, CUVEE_CODE_CACHE: '0' },
    });
    expect(stderr).toBe('');
    return stdout;
  };
  expect(program(`process.stdout.write(out.join());`)).toBe('1,,0,ENOENT');
  writeFileSync(join(two, 'node.rest.cjs'), rest);
  expect(program(`process.stdout.write([late(1), begun].join());`)).toBe('21,1');
  expect(program(`process.stdout.write([all.viaBorder(), begun].join());`)).toBe('42,1');
  expect(
    program(`class More extends Late {}
const more = new More();
const same = [new all.Late() instanceof Late, more instanceof More, more instanceof all.Late, Late.made().x, 'made' in Late, Object.keys(Late).length];
process.stdout.write([table.get('k'), table.size, ...same, begun].join());`),
  ).toBe('20,1,true,true,true,20,true,0,1');
});

test('a discovered script runs once, with the core that asks; not where it would find another core', () => {
  const project = join(folder, 'project');
  const write = (path: string, text: string): void => {
    mkdirSync(join(project, path, '..'), { recursive: true });
    writeFileSync(join(project, path), text);
  };
  write(
    'node_modules/@cuvee/core/dist/node.cjs',
    '(function (require, url, assign) { const core = { onScript(starts) { core.script = starts; } }; assign(core); })',
  );
  const plugin = `(function (require, url, assign) {
  globalThis.runs = (globalThis.runs ?? 0) + 1; assign({ core: require('@cuvee/core'), url });
})`;
  write('node_modules/plugin/dist/node.cjs', plugin);
  write('node_modules/apart/dist/node.cjs', plugin);
  write('node_modules/apart/node_modules/@cuvee/core/dist/node.cjs', '(function () {})');
  write(
    'main.mjs',
    `import { pathToFileURL } from 'node:url';
import { start } from '../start.js';
const at = (name) => process.cwd() + '/node_modules/' + name + '/dist/node.cjs';
const core = start(pathToFileURL(at('@cuvee/core')).href);
const one = core.script(at('plugin'));
const again = start(pathToFileURL(at('plugin')).href, { '@cuvee/core': {} });
process.stdout.write([one.core === core, one === again, one.url === pathToFileURL(at('plugin')).href, core.script(at('apart')), runs].join());`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, ['main.mjs'], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: '', CUVEE_CODE_CACHE: codes },
  });
  expect(stderr).toBe('');
  expect(stdout).toBe('true,true,true,,1');
});
