/** @file Package managers and how each installs a project from a given registry. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './run.mjs';

/**
 * `tool`: what npm installs to have it; undefined: it is there. `prepare` writes settings into a project; `install` gives the
 * command line; `run`, where it is not plain node, how a program is started. Caches are the project's own, npm's excepted.
 */
const managers = {
  npm: {
    prepare: (project, registry) => writeFileSync(join(project, '.npmrc'), `registry=${registry}\nignore-scripts=true\n`),
    install: () => ['npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']],
  },
  pnpm: {
    tool: 'pnpm@10.34.8',
    prepare: (project, registry) =>
      writeFileSync(
        join(project, '.npmrc'),
        `registry=${registry}\nstore-dir=${join(project, '.store')}\ncache-dir=${join(project, '.cache')}\n`,
      ),
    install: (bin) => [join(bin, 'pnpm'), ['install', '--ignore-scripts', '--reporter=silent']],
  },
  'yarn 1': {
    tool: 'yarn@1.22.22',
    prepare: (project, registry) => {
      writeFileSync(join(project, '.npmrc'), `registry=${registry}\n`);
      writeFileSync(join(project, '.yarnrc'), `registry "${registry}"\ncache-folder "${join(project, '.cache')}"\n`);
    },
    install: (bin) => [join(bin, 'yarn'), ['install', '--ignore-scripts', '--silent', '--non-interactive', '--no-lockfile']],
  },
  'yarn 4': {
    tool: '@yarnpkg/cli-dist@4.18.1',
    prepare: (project, registry) =>
      writeFileSync(
        join(project, '.yarnrc.yml'),
        `npmRegistryServer: "${registry}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nnodeLinker: node-modules\nenableTelemetry: false\nenableScripts: false\nglobalFolder: "${join(project, '.cache')}"\n`,
      ),
    install: (bin) => [join(bin, 'yarn'), ['install', '--no-immutable']],
  },
};

/** Names of all of them. */
export const managerNames = Object.keys(managers);

/** Installs `dependencies` into a new project by a package manager, which is installed below `tools` first. */
export async function installWith(name, project, dependencies, registry, tools) {
  const { tool, prepare, install } = managers[name];
  const bin = join(tools, name.replace(' ', ''), 'node_modules', '.bin');
  if (tool) {
    const prefix = join(tools, name.replace(' ', ''));
    mkdirSync(prefix, { recursive: true });
    await must('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', tool]);
  }
  mkdirSync(project, { recursive: true });
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'packed', version: '1.0.0', private: true, type: 'module', dependencies }),
  );
  prepare(project, registry);
  const [command, args] = install(bin);
  await must(command, args, { cwd: project });
}
