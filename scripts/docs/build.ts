/**
 * @file `npm run docs`: the site in out/docs/site, from docs/, the rooms, the property tables and the doc comments. Offline; skipped
 * when nothing that it is made of has changed. `--open` serves it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { entry, SetupError, step } from '../lib/run.mjs';
import { filesBelow, fingerprint, packages, root, stamped, writeStamp } from '../lib/workspace.mjs';
import { siteLinks } from './links.js';
import { index, onnx, operations, page } from './operations.js';
import { properties, propertiesOf } from './properties.js';

const docs = join(root, 'docs');
const out = join(root, 'out', 'docs');
const source = join(out, 'src');
/** The name that the package is published under. */
const title = (name: string): string => (name === 'cuvee' ? name : `@cuvee/${name}`);

/** The API as data, for the test that asks whether it is documented. */
const apiJson = join(out, 'api.json');
/** The built site. */
export const site = join(out, 'site');

/** Packages whose doc comments make the API reference, in its order. */
const documented = ['core', 'cuvee', 'plugin-cpu', 'frontend-onnx', 'plugin-reference', 'conformance'];

function node(what: string, args: readonly string[], cwd = root): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
  if (status !== 0) throw new SetupError(`${what} failed with exit code ${status}:\n${`${stdout}${stderr}`.slice(-4000)}`);
}

/** Hand-written pages. Of what lies outside of docs/ the site holds models and pictures; other links become the text that they stand on. */
function copyPages(): void {
  rmSync(source, { recursive: true, force: true });
  mkdirSync(join(source, 'public', 'files'), { recursive: true });
  const outward = (_: string, text: string, target: string): string => {
    if (!/\.(onnx|xml|bin|json|png|jpg)$/.test(target)) return text;
    cpSync(join(docs, target), join(source, 'public', 'files', basename(target)));
    return `<a href="/files/${basename(target)}" download>${text}</a>`;
  };
  for (const name of readdirSync(docs)) {
    if (['node_modules', 'package.json', 'README.md'].includes(name) || /^tsconfig.*\.json$/.test(name)) continue;
    if (!name.endsWith('.md')) cpSync(join(docs, name), join(source, name), { recursive: true });
    else {
      const text = readFileSync(join(docs, name), 'utf8').replace(/<!-- properties: (\w+) -->/g, (_, device: string) =>
        propertiesOf(device),
      );
      writeFileSync(join(source, name), text.replace(/\[([^\]]*)\]\((\.\.\/[^)]*)\)/g, outward));
    }
  }
}

async function writeOperations(): Promise<void> {
  const { all, devices } = await operations();
  const folder = join(source, 'operations');
  mkdirSync(folder);
  const known = new Set(all.map(({ room }) => room.name));
  for (const operation of all) writeFileSync(join(folder, `${operation.room.name}.md`), page(operation, known));
  writeFileSync(join(folder, 'index.md'), index(all, devices));
  writeFileSync(join(folder, 'onnx.md'), onnx());
  writeFileSync(join(source, 'properties.md'), properties());
}

/** The API reference by typedoc: a page for each class and interface, all else on the page of its package. */
function writeApi(): void {
  const api = join(source, 'api');
  const entries = documented
    .map((name) => join('packages', name, 'dist', 'types', 'index.d.ts'))
    .filter((path) => existsSync(join(root, path)));
  node('typedoc', [
    join(docs, 'node_modules', 'typedoc', 'bin', 'typedoc'),
    ...[
      '--tsconfig',
      join('docs', 'tsconfig.api.json'),
      '--plugin',
      'typedoc-plugin-markdown',
      '--readme',
      'none',
      '--out',
      api,
      '--json',
      apiJson,
    ],
    ...['--router', 'member', '--membersWithOwnFile', 'Class', '--membersWithOwnFile', 'Interface', '--entryFileName', 'index'],
    ...[
      '--excludePrivate',
      '--excludeInternal',
      '--excludeReferences',
      '--disableSources',
      '--skipErrorChecking',
      '--hideBreadcrumbs',
      '--hidePageHeader',
    ],
    ...['--parametersFormat', 'table', '--interfacePropertiesFormat', 'table', '--useHTMLEncodedBrackets', '--sanitizeComments'],
    ...['--logLevel', 'Warn'],
    ...entries,
  ]);
  for (const name of documented) {
    const types = join(api, name, 'dist', 'types');
    if (!existsSync(types)) continue;
    for (const child of readdirSync(types)) renameSync(join(types, child), join(api, name, child));
    rmSync(join(api, name, 'dist'), { recursive: true });
  }
  for (const file of filesBelow(api, (path: string) => path.endsWith('.md')) as string[]) {
    const text = readFileSync(file, 'utf8')
      .replace(/((?:\.\.\/)*)([\w-]+)\/dist\/types\//g, (_, up: string, name: string) => `${up.slice('../../'.length)}${name}/`)
      .replace(/^# (.*)\/dist\/types$/m, (_, name: string) => `# ${title(name)}`);
    writeFileSync(file, text);
  }
}

/** The reference's first page: packages with what they are. */
function writeApiIndex(): void {
  const rows = documented
    .filter((name) => existsSync(join(source, 'api', name, 'index.md')))
    .map((name) => {
      const { description } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as { description?: string };
      return `| [${title(name)}](./${name}/index.md) | ${description ?? ''} |`;
    });
  const text = `---\neditLink: false\n---\n\n# API\n\nFrom the doc comments. \`cuvee\` exports what \`@cuvee/core\` does, and finds the devices and formats installed beside it.\nUsers meet [Core](./core/classes/Core.md), [Model](./core/classes/Model.md), [CompiledModel](./core/classes/CompiledModel.md),\n[InferRequest](./core/classes/InferRequest.md) and [Tensor](./core/classes/Tensor.md); authors of plugins\n[DevicePlugin](./core/interfaces/DevicePlugin.md) and [Frontend](./core/interfaces/Frontend.md).\n\n| package | |\n| --- | --- |\n${rows.join('\n')}\n`;
  writeFileSync(join(source, 'api', 'index.md'), text);
}

function renderSite(): void {
  rmSync(site, { recursive: true, force: true });
  node('vitepress', [join(root, 'node_modules', 'vitepress', 'bin', 'vitepress.js'), 'build', source]);
}

/** Builds the site where it is out of date; true when it did. */
export async function buildDocs(): Promise<boolean> {
  const inputs = [
    ...(filesBelow(docs) as string[]),
    ...(packages() as { folder: string }[]).flatMap(({ folder }) => filesBelow(join(folder, 'src')) as string[]),
    ...(filesBelow(join(root, 'scripts', 'docs')) as string[]),
  ];
  const value = fingerprint(inputs);
  const stamp = join(out, '.built');
  if (stamped(stamp, value) && existsSync(join(site, 'index.html'))) return false;
  if (!documented.every((name) => existsSync(join(root, 'packages', name, 'dist', 'types', 'index.d.ts'))))
    await step('types built', async () => node('tsc', [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']));
  await step('pages copied', async () => copyPages());
  await step('operations and properties written', writeOperations);
  await step('API reference written', async () => {
    writeApi();
    writeApiIndex();
  });
  await step('site rendered', async () => renderSite());
  writeStamp(stamp, value);
  return true;
}

entry(async () => {
  await buildDocs();
  const { pages, links, dead } = siteLinks(site);
  console.log(`${site}: ${pages} pages, ${links} internal links, ${dead.length} dead`);
  for (const link of dead) console.log(`  ${link}`);
  return dead.length > 0 ? 1 : 0;
});
