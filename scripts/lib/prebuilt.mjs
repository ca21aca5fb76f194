/** @file The prebuilt package of this platform, packages/plugin-cpu/npm/<platform>/, made from the local native build. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuPackage, nativeBuild } from './native.mjs';
import { available, SetupError, say } from './run.mjs';
import { root } from './workspace.mjs';

/** C library of this Linux: 'gnu' when the running Node was linked with glibc, else 'musl'; undefined on other systems. */
function libc() {
  if (process.platform !== 'linux') return undefined;
  return process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl';
}

/** Platform word of package names: `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
export function platformName() {
  const suffix = process.platform === 'win32' ? 'msvc' : libc();
  return [process.platform, process.arch, suffix].filter(Boolean).join('-');
}

/** Where the local build left the addon, or undefined. */
export const localAddon = () =>
  ['cuvee_cpu.node', 'Release/cuvee_cpu.node'].map((name) => join(nativeBuild, name)).find((path) => existsSync(path));

/** The newest GLIBC symbol version that the addon asks for, as a number pair; undefined without objdump or on other systems. */
function newestGlibc(addon) {
  if (libc() !== 'gnu' || !available('objdump')) return undefined;
  const symbols = execFileSync('objdump', ['-T', addon], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const versions = [...symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [Number(major), Number(minor)]);
  return versions.sort((a, b) => b[0] - a[0] || b[1] - a[1])[0];
}

/** Makes the package folder; undefined when nothing is built here. Reports `{ folder, name, version, bytes, glibc }`. */
export function makePrebuilt() {
  const addon = localAddon();
  if (!addon) return undefined;
  const parent = JSON.parse(readFileSync(join(cpuPackage, 'package.json'), 'utf8'));
  const platform = platformName();
  const folder = join(cpuPackage, 'npm', platform);
  const binary = join(folder, 'cuvee_cpu.node');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, binary);
  if (process.platform !== 'win32' && available('strip'))
    execFileSync('strip', process.platform === 'darwin' ? ['-x', binary] : ['--strip-unneeded', binary]);
  const name = `${parent.name}-${platform}`;
  const manifest = {
    name,
    version: parent.version,
    description: `Device CPU of Cuvée: native code for ${platform}`,
    license: parent.license,
    os: [process.platform],
    cpu: [process.arch],
    ...(libc() ? { libc: [libc() === 'gnu' ? 'glibc' : 'musl'] } : {}),
    engines: parent.engines,
    main: 'cuvee_cpu.node',
    files: ['cuvee_cpu.node'],
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    join(folder, 'README.md'),
    `# ${name}\n\nNative code of [@cuvee/plugin-cpu] for ${platform}. It is installed with that package; nobody needs to name it.\n`,
  );
  for (const notice of ['LICENSE', 'THIRD-PARTY-NOTICES.md'])
    if (existsSync(join(root, notice))) copyFileSync(join(root, notice), join(folder, notice));
  const bytes = statSync(binary).size;
  if (bytes > 4 * 2 ** 20) say(`cuvee: ${binary} is ${(bytes / 2 ** 20).toFixed(1)} MiB, more than the 4 MiB it should have`);
  return { folder, name, version: parent.version, bytes, glibc: newestGlibc(binary) };
}

/** Fails when the binary would not start on the oldest systems promised: GLIBC 2.28. */
export function assertGlibc({ glibc }) {
  if (glibc && (glibc[0] > 2 || glibc[1] > 28)) throw new SetupError(`cuvee_cpu.node needs GLIBC_${glibc.join('.')}, the promise is 2.28`);
}
