/**
 * Every fenced block of README.md, the packages' READMEs and docs/ is run: programs by Node, commands by bash, JSON is parsed, `text` is
 * what people read, and right below a program what it prints. None is left out, and a language that is not known here fails.
 *
 * They run in one project whose dependencies are the packages of this repository, with the files that the pages speak of: model.onnx,
 * model.xml, photographs, an operation corpus, a plugin made of the blocks of docs/write-a-plugin.md. `npx` starts the project's own
 * commands. `npm install` checks that the package is one of ours or is installed here, `npm run`, `npm start` and `npm test` that there
 * is such a script; what installing from tarballs does is tried by new-user.test.ts.
 */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { builder, Model, saveModelSync } from '@cuvee/core';
import { blocks, blocksOf, type Block } from '../docs/blocks.js';
import { packages, root } from '../lib/workspace.mjs';

const all = blocks();
const project = join(root, 'out', 'test', 'blocks');
const data = join(root, 'packages', 'conformance', 'data');

/** The script behind `npm`. */
const realNpm = execFileSync('bash', ['-c', 'readlink -f "$(command -v npm)"'], { encoding: 'utf8' }).trim();

/** Stands in for npm: says what is wrong with a line that a reader would type. */
const npm = `#!${process.execPath}
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const root = ${JSON.stringify(root)};
const [command, ...rest] = process.argv.slice(2).filter((word) => !/^--(silent|no-|ignore-scripts)/.test(word));
const fail = (why) => { console.error(why); process.exit(1); };
if (command === 'init' || command === 'pkg') {
  const { spawnSync } = require('node:child_process');
  process.exit(spawnSync(process.execPath, [${JSON.stringify(realNpm)}, command, ...rest], { stdio: 'inherit' }).status ?? 1);
}
if (command === 'install' || command === 'i') {
  for (const name of rest) if (!existsSync(join(root, 'node_modules', name.replace(/(?<=.)@[^/]*$/, '')))) fail('no package ' + name);
} else {
  const at = rest.indexOf('--workspace');
  const folder = at < 0 ? root : join(root, 'node_modules', rest[at + 1]);
  const { scripts = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const script = command === 'run' ? rest.find((word) => !word.startsWith('--')) : command;
  if (!(script in scripts)) fail('no script ' + script);
}
`;

/** A model of `x`, eight numbers, and y. */
function writeXml(path: string): void {
  const g = builder();
  const x = g.parameter('f32', '8', 'x');
  const y = g.relu(g.add(x, g.constant('f32', [8], [0, 1, 2, 3, 4, 5, 6, 7])));
  y.names = ['y'];
  saveModelSync(new Model({ name: 'eight', parameters: [x.node], results: [g.result(y)], scope: g.scope }), path, false);
}

beforeAll(() => {
  rmSync(project, { recursive: true, force: true });
  for (const name of ['bin', 'models/cls', 'my-device', 'opset']) mkdirSync(join(project, name), { recursive: true });
  const libraries = (packages() as { name: string; example: boolean }[]).filter(({ example }) => !example).map(({ name }) => name);
  const manifest = {
    name: 'blocks',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(libraries.map((name) => [name, '*'])),
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const file = (name: string, from: string): void => (existsSync(join(project, name)) ? undefined : symlinkSync(from, join(project, name)));
  copyFileSync(join(root, 'scripts', 'data', 'model.onnx'), join(project, 'model.onnx'));
  writeXml(join(project, 'model.xml'));
  for (const name of ['mobilenet_v2.onnx', 'labels.json']) file(name, join(data, 'models', 'mobilenet-v2', name));
  file('photo.png', join(data, 'models', 'mobilenet-v2', 'cat.png'));
  file('coffee.png', join(root, 'examples', 'ocr', 'test', 'data', 'images', 'coffee.png'));
  file('det.onnx', join(data, 'ocr', 'models', 'ch_PP-OCRv4_det_infer.onnx'));
  file('onnx-node.zip', join(data, 'onnx-node.zip'));
  for (const name of ['index.json', 'Softmax.zip', 'Add.zip']) file(join('opset', name), join(data, 'opset', name));
  const cls = join(data, 'ocr', 'cases', 'cls-batch2');
  for (const name of ['input_0.bin.gz', 'output_0.bin']) file(join('models', 'cls', name), join(cls, name));
  const text = readFileSync(join(cls, 'case.json'), 'utf8').replaceAll('../../models/', `${join(data, 'ocr', 'models')}/`);
  writeFileSync(join(project, 'models', 'cls', 'case.json'), text);
  file('node_modules', join(root, 'node_modules'));
  file('kernel', join(root, 'examples', 'custom-operation', 'kernel'));
  const plugin = all.filter(({ page }) => page === 'docs/write-a-plugin.md');
  writeFileSync(join(project, 'my-device', 'package.json'), plugin.find(({ language }) => language === 'json')?.code ?? '');
  writeFileSync(
    join(project, 'my-device', 'index.js'),
    `${plugin.find(({ language }) => language === 'js')?.code}\nexport default mine;\n`,
  );
  writeFileSync(
    join(project, 'app.mjs'),
    "import { InferenceSession } from 'onnxruntime-node';\nawait InferenceSession.create('model.onnx');\n",
  );
  writeFileSync(join(project, 'bin', 'package.json'), '{}');
  writeFileSync(join(project, 'bin', 'npm'), npm);
  writeFileSync(
    join(project, 'bin', 'npx'),
    `#!/bin/sh\n[ "$1" = --no-install ] && shift\nname=$1; shift\nexec "${join(root, 'node_modules', '.bin')}/$name" "$@"\n`,
  );
  for (const name of ['npm', 'npx']) chmodSync(join(project, 'bin', name), 0o755);
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly said: string;
}
const start = (command: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, PATH: `${join(project, 'bin')}:${process.env.PATH}`, CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0' };
    const child = execFile(command, args, { cwd: project, env, timeout: 55_000, maxBuffer: 1 << 26 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, stdout, said: `${stdout}${stderr}` }),
    );
    child.stdin?.end();
  });

/** How each language is run. */
const ways: Readonly<Record<string, (block: Block, name: string) => Promise<Ended> | Ended>> = {
  js: (block, name) => {
    const file = `${name}.${/\brequire\(/.test(block.code) ? 'cjs' : 'mjs'}`;
    writeFileSync(join(project, file), `${block.given}\n${block.code}`);
    return start(process.execPath, [file]);
  },
  ts: (block, name) => {
    writeFileSync(join(project, `${name}.ts`), `${block.given}\n${block.code}`);
    return start(process.execPath, [join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs'), `${name}.ts`]);
  },
  sh: (block) => start('bash', ['-euo', 'pipefail', '-c', block.code]),
  json: (block) => {
    JSON.parse(block.code);
    return { code: 0, stdout: '', said: '' };
  },
  text: ({ code }) => ({ code: code.trim() === '' ? 1 : 0, stdout: '', said: 'an empty block' }),
};

describe('blocks of the documentation', () => {
  it.concurrent.for(all.map((block, i) => [block.place, block, `block-${i}`] as const))('%s', async ([, block, name]) => {
    expect(Object.keys(ways), `${block.place}: a fence says its language`).toContain(block.language);
    const { code, stdout, said } = await ways[block.language]!(block, name);
    expect(code, `${block.code}\n${said}`).toBe(block.exits);
    if (block.prints !== undefined) expect(stdout.trim()).toBe(block.prints.trim());
  });
  it('are all found', () => {
    expect(all.length).toBeGreaterThan(35);
    const pages = new Set(all.map(({ page }) => page));
    for (const page of ['README.md', 'docs/quickstart.md', 'packages/core/README.md']) expect(pages).toContain(page);
  });
});

describe('blocksOf', () => {
  it('reads languages, comments above, and what is printed', () => {
    const text =
      'a\n\n<!-- given: const x = 1; -->\n<!-- exits: 3 -->\n```js\nconsole.log(x);\n```\n\n```text\n1\n```\n\n````md\n```js\n```\n````\n';
    expect(blocksOf(text, 'p.md')).toMatchObject([
      { place: 'p.md:5', language: 'js', code: 'console.log(x);\n', given: 'const x = 1;', exits: 3, prints: '1\n' },
      { language: 'text', prints: undefined },
      { language: 'md', exits: 0 },
    ]);
  });
});
