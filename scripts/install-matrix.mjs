/**
 * @file `npm run install-matrix`: the packed packages, installed by npm, pnpm and yarn from a registry on this machine, in programs of
 * every kind: ES modules, CommonJS, TypeScript, bundled by esbuild and by vite. Ends with a table. `scripts/pack.mjs --assert` runs
 * the part of npm, without vite. Arguments choose package managers: npm, pnpm, "yarn 1", "yarn 4".
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installWith, managerNames } from './lib/managers.mjs';
import { imported, programNames, tryProgram } from './lib/programs.mjs';
import { startRegistry } from './lib/registry.mjs';
import { entry, say, SetupError } from './lib/run.mjs';
import { filesOf } from './lib/staging.mjs';

/**
 * Installs and runs: `[{ manager, bytes, results: { program: undefined or what is wrong } }]`. `bytes`: of node_modules, where that is
 * one folder.
 */
export async function tryMatrix(packed, managers = managerNames, programs = programNames) {
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-matrix-'));
  const registry = await startRegistry(packed);
  const dependencies = Object.fromEntries(imported.map((name) => [name, packed.find((one) => one.name === name).version]));
  try {
    const rows = [];
    for (const manager of managers) {
      const project = join(folder, manager.replace(' ', ''));
      say(`cuvee: ${manager} installs`);
      try {
        await installWith(manager, project, dependencies, registry.address, join(folder, 'tools'));
      } catch (error) {
        rows.push({ manager, results: Object.fromEntries(programs.map((program) => [program, `not installed: ${error.message}`])) });
        continue;
      }
      const bytes = filesOf(join(project, 'node_modules')).reduce((sum, file) => sum + file.bytes, 0);
      rows.push({ manager, bytes, results: Object.fromEntries(programs.map((program) => [program, tryProgram(program, project)])) });
    }
    return rows;
  } finally {
    registry.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints the table; true when everything ran. */
export function printMatrix(rows) {
  const programs = Object.keys(rows[0].results);
  console.log(`${''.padEnd(10)}${programs.map((name) => name.padEnd(12)).join('')}installed`);
  for (const { manager, bytes, results } of rows)
    console.log(
      `${manager.padEnd(10)}${programs.map((name) => (results[name] === undefined ? 'runs' : 'FAILS').padEnd(12)).join('')}${bytes ? `${(bytes / 1e6).toFixed(2)} MB` : ''}`,
    );
  const failures = rows.flatMap(({ manager, results }) =>
    Object.entries(results).flatMap(([name, problem]) => (problem === undefined ? [] : [`${manager}, ${name}: ${problem}`])),
  );
  for (const line of failures) console.log(line);
  return failures.length === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  entry(async () => {
    const { packAll } = await import('./pack.mjs');
    const { setup } = await import('./setup.mjs');
    const chosen = process.argv.slice(2);
    const unknown = chosen.find((name) => !managerNames.includes(name));
    if (unknown) throw new SetupError(`no package manager ${unknown}; there are ${managerNames.join(', ')}`);
    await setup();
    const { packed } = packAll();
    return printMatrix(await tryMatrix(packed, chosen.length > 0 ? chosen : managerNames)) ? 0 : 1;
  });
