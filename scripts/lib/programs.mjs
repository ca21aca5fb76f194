/**
 * @file Programs that use the installed packages, each in another kind of project: all do what the README's example does, with the
 * same model, and have to print the same. Bundlers and the TypeScript compiler are this workspace's.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { root } from './workspace.mjs';

const body = `
const model = await core.readModel('model.onnx');
const compiled = await core.compileModel(model, 'CPU');
const request = compiled.createInferRequest();
for (const [height, width] of [[8, 8], [5, 11]]) {
  const image = new Tensor('f32', [1, 3, height, width], new Float32Array(3 * height * width).fill(0.5));
  const { probabilities } = await request.inferAsync({ image });
  console.log(height, width, Array.from(probabilities.data, (p) => p.toFixed(4)).join(' '));
}
`;
const discovered = `import { Core, Tensor } from '@cuvee/core';\nconst core = new Core();\n${body}`;
/** A bundle cannot look packages up: it names them. */
const named = `import { Core, Tensor } from '@cuvee/core';
import onnx from '@cuvee/frontend-onnx';
import cpu from '@cuvee/plugin-cpu';
const core = new Core({ plugins: [cpu()], frontends: [onnx()] });
${body}`;

/** README.md's first program below the mark, for the project that it describes. */
const readme = () => /<!-- example -->\s*```js\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1];

const tool = (...path) => join(root, 'node_modules', ...path);
const quiet = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: ['ignore', 2, 2] });

/** Each writes what it needs into the project and returns the file to run, relative to it. */
const programs = {
  ESM(project) {
    writeFileSync(join(project, 'example.js'), readme());
    return 'example.js';
  },
  CommonJS(project) {
    const text = `const { Core, Tensor } = require('@cuvee/core');\nconst core = new Core();\n(async () => {${body}})();\n`;
    writeFileSync(join(project, 'example.cjs'), text);
    return 'example.cjs';
  },
  TypeScript(project) {
    const source = discovered
      .replace('{ probabilities }', '{ probabilities }: Record<string, Tensor>')
      .replace('probabilities.data,', 'probabilities!.data as Float32Array,');
    writeFileSync(join(project, 'typed.ts'), source);
    const compilerOptions = { module: 'nodenext', target: 'es2023', lib: ['es2023', 'dom'], strict: true, types: [], outDir: 'typed' };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    quiet(process.execPath, [tool('typescript', 'bin', 'tsc'), '-p', '.'], project);
    return 'typed/typed.js';
  },
  esbuild(project) {
    writeFileSync(join(project, 'named.js'), named);
    const flags = ['--bundle', '--platform=node', '--format=esm', '--minify', '--outfile=bundled/esbuild.mjs', '--log-level=warning'];
    quiet(process.execPath, [tool('esbuild', 'bin', 'esbuild'), 'named.js', ...flags], project);
    return 'bundled/esbuild.mjs';
  },
  vite(project) {
    writeFileSync(join(project, 'named.js'), named);
    const config =
      "export default { logLevel: 'warn', ssr: { noExternal: true }, build: { ssr: 'named.js', target: 'node20', outDir: 'bundled/vite', minify: true } };\n";
    writeFileSync(join(project, 'vite.config.mjs'), config);
    quiet(process.execPath, [tool('vite', 'bin', 'vite.js'), 'build'], project);
    return ['named.js', 'named.mjs'].map((name) => join('bundled', 'vite', name)).find((path) => existsSync(join(project, path)));
  },
};

/** Names of all of them. */
export const programNames = Object.keys(programs);

/** The packages that the programs import. */
export const imported = ['@cuvee/core', '@cuvee/plugin-cpu', '@cuvee/frontend-onnx'];

/** Makes and runs one program in a project with these packages; why it is not right, or undefined. */
export function tryProgram(name, project) {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'model.onnx'), readFileSync(join(root, 'scripts', 'data', 'model.onnx')));
  const expected = readFileSync(join(root, 'scripts', 'data', 'expected.txt'), 'utf8');
  try {
    const file = programs[name](project);
    const said = execFileSync(process.execPath, [file], {
      cwd: project,
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return said === expected ? undefined : `said ${JSON.stringify(said.slice(0, 300))}`;
  } catch (error) {
    return `${error.message}\n${error.stdout ?? ''}`.slice(0, 1500);
  }
}
