/**
 * @file The packages of the CPU device's binaries, packages/plugin-cpu/npm/<platform>/: made from what scripts/prebuild.mjs
 * cross-compiled, and for the running platform from the local build where nothing was; every binary is judged first.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describeBinary } from './binary.mjs';
import { cpuPackage, nativeBuild } from './native.mjs';
import { ownPlatform, platforms } from './platforms.mjs';
import { available, SetupError } from './run.mjs';
import { filesBelow, fingerprint, root, stamped } from './workspace.mjs';

/** Newest GLIBC that a binary may ask for. */
const glibcLimit = [2, 28];
const sizeLimit = 4 * 2 ** 20;

/** Libraries that every system of the kind has. */
const systemLibraries = {
  glibc: /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux-(x86-64|aarch64)\.so\.\d)$/,
  musl: /^libc\.so$/,
  darwin: /^\/usr\/lib\/libSystem\.B\.dylib$/,
  win32: /^(kernel32|ntdll|advapi32|msvcrt|ucrtbase|api-ms-win-crt-[a-z]+-l1-1-0)\.dll$/i,
};

/** Where scripts/prebuild.mjs builds for a platform, and what its binary was made from. */
export const prebuildFolder = ({ name }) => join(root, 'out', 'prebuild', name);
export const prebuildStamp = (platform) => join(prebuildFolder(platform), '.cuvee-built');
export const nativeFingerprint = () =>
  fingerprint([
    ...filesBelow(join(cpuPackage, 'native'), (path) => !/[\\/]tests[\\/]/.test(path)),
    ...filesBelow(join(cpuPackage, 'cmake')),
    join(cpuPackage, 'CMakeLists.txt'),
    join(root, 'node_modules', 'node-api-headers', 'package.json'),
  ]);

/** Where the local build left the addon, or undefined. */
const localAddon = () =>
  ['cuvee_cpu.node', 'Release/cuvee_cpu.node'].map((name) => join(nativeBuild, name)).find((path) => existsSync(path));

/** Functions of Node-API up to version 8, which Node 20, Electron, Bun and Deno have. */
function nodeApi() {
  const { v8 } = createRequire(import.meta.url)('node-api-headers').symbols;
  return new Set([...v8.js_native_api_symbols, ...v8.node_api_symbols]);
}

/** What is wrong with a platform's binary: lines, none when it is good. Says in `facts` what it needs. */
export function judgeBinary(platform, bytes) {
  const found = describeBinary(bytes);
  const problems = [];
  const expect = (good, line) => good || problems.push(`${platform.name}: ${line}`);
  expect(
    found.format === platform.format && found.machine === platform.machine,
    `is ${found.format} for ${found.machine}, not ${platform.format} for ${platform.machine}`,
  );
  const allowed = systemLibraries[platform.libc ?? platform.os];
  for (const library of found.libraries) expect(allowed.test(library), `needs ${library}, which not every system has`);
  // On macOS a library's operators new and delete are weak and cannot be hidden, and its header has a name.
  const unavoidable = platform.os === 'darwin' ? /^(_Z[nd][aw]|_Z[nd]l|_mh_dylib_header$|__dso_handle$)/ : /^$/;
  const offered = found.offers.filter(
    (name) => !/^(napi_register_module|node_api_module_get_api_version)_v1$/.test(name) && !unavoidable.test(name),
  );
  expect(found.offers.includes('napi_register_module_v1'), 'does not offer napi_register_module_v1');
  expect(offered.length === 0, `offers more than an addon's functions: ${offered.slice(0, 5).join(' ')}`);
  const api = nodeApi();
  for (const name of found.needs.filter((symbol) => /^(napi|node_api)_/.test(symbol)))
    expect(api.has(name), `calls ${name}, which Node-API 8 does not have`);
  const glibc = found.versions
    .map((version) => /^GLIBC_(\d+)\.(\d+)/.exec(version))
    .filter(Boolean)
    .map(([, major, minor]) => [Number(major), Number(minor)])
    .sort((a, b) => b[0] - a[0] || b[1] - a[1])[0];
  expect(
    !glibc || glibc[0] < glibcLimit[0] || (glibc[0] === glibcLimit[0] && glibc[1] <= glibcLimit[1]),
    `needs GLIBC ${glibc?.join('.')}, the promise is ${glibcLimit.join('.')}`,
  );
  for (const version of found.versions)
    expect(/^(GLIBC_|macOS )/.test(version), `needs ${version}: a library of the compiler that should be linked statically`);
  expect(platform.name !== 'darwin-arm64' || found.signed, 'has no signature, without which the system kills the process');
  expect(bytes.length <= sizeLimit, `has ${(bytes.length / 2 ** 20).toFixed(1)} MiB, limit ${sizeLimit / 2 ** 20}`);
  const oldest = glibc ? `GLIBC ${glibc.join('.')}` : (found.versions[0] ?? '');
  const libraries = found.libraries.map((library) => library.replace(/^.*\//, ''));
  return { problems, facts: { bytes: bytes.length, oldest, libraries } };
}

/** Writes the package folder of one platform around its binary. */
function writePackage(platform, addon, strip) {
  const parent = JSON.parse(readFileSync(join(cpuPackage, 'package.json'), 'utf8'));
  const folder = join(cpuPackage, 'npm', platform.name);
  const binary = join(folder, 'cuvee_cpu.node');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(addon, binary);
  if (strip && platform.os !== 'win32' && available('strip'))
    execFileSync('strip', platform.os === 'darwin' ? ['-x', binary] : ['--strip-unneeded', binary]);
  chmodSync(binary, 0o644);
  const name = `${parent.name}-${platform.name}`;
  const manifest = {
    name,
    version: parent.version,
    description: `Device CPU of Cuvée: native code for ${platform.name}`,
    keywords: ['cuvee', 'native', platform.os, platform.cpu],
    license: parent.license,
    os: [platform.os],
    cpu: [platform.cpu],
    ...(platform.libc ? { libc: [platform.libc] } : {}),
    engines: parent.engines,
    main: 'cuvee_cpu.node',
    files: ['cuvee_cpu.node'],
    publishConfig: parent.publishConfig,
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(
    join(folder, 'README.md'),
    `# ${name}\n\nNative code of @cuvee/plugin-cpu for ${platform.name}. It is installed with that package; nobody needs to name it.\n`,
  );
  for (const notice of ['LICENSE', 'THIRD-PARTY-NOTICES.md'])
    if (existsSync(join(root, notice))) copyFileSync(join(root, notice), join(folder, notice));
  const { problems, facts } = judgeBinary(platform, readFileSync(binary));
  if (problems.length > 0) throw new SetupError(problems.join('\n'));
  return { platform, folder, name, version: parent.version, ...facts };
}

/** The package of a platform from what was cross-compiled for it; undefined when that is absent or of other sources. */
export function fromPrebuild(platform) {
  const addon = join(prebuildFolder(platform), 'cuvee_cpu.node');
  return existsSync(addon) && stamped(prebuildStamp(platform), nativeFingerprint()) ? writePackage(platform, addon, false) : undefined;
}

/**
 * Makes the package of every platform that there is an up-to-date binary for: `{ platform, folder, name, version, bytes, oldest,
 * libraries }`. The running platform is served by the local build where it was not cross-compiled.
 */
export function makePrebuilts() {
  rmSync(join(cpuPackage, 'npm'), { recursive: true, force: true });
  const addon = localAddon();
  return platforms.flatMap((platform) => {
    const made = fromPrebuild(platform) ?? (addon && platform === ownPlatform() ? writePackage(platform, addon, true) : undefined);
    return made ? [made] : [];
  });
}
