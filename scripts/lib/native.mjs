/** @file Building the native addon of packages/plugin-cpu with CMake, by Ninja where there is one. Plain Node. */
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { available, must, say, SetupError, versionOf } from './run.mjs';
import { filesBelow, fingerprint, root, stamped, writeStamp } from './workspace.mjs';

/** Folder of the CPU device. */
export const cpuPackage = join(root, 'packages', 'plugin-cpu');

/** Where CMake builds: the addon and `cuvee_native_test` land here. */
export const nativeBuild = join(cpuPackage, 'build');

const installLines = {
  linux: 'sudo apt-get install g++ cmake ninja-build   (or, for CMake and Ninja alone: python3 -m pip install cmake ninja)',
  darwin: 'xcode-select --install && brew install cmake ninja',
  win32: 'winget install Microsoft.VisualStudio.2022.BuildTools Kitware.CMake Ninja-build.Ninja',
};

function demandTools() {
  const compiler = process.env.CXX ?? ['c++', 'g++', 'clang++'].find((name) => available(name));
  const missing = [...(compiler || process.platform === 'win32' ? [] : ['a C++20 compiler']), ...(available('cmake') ? [] : ['cmake'])];
  if (missing.length > 0) {
    const line = installLines[process.platform] ?? 'install a C++20 compiler, cmake and ninja';
    throw new SetupError(
      `the native CPU device needs ${missing.join(' and ')}. Type: ${line}\nTo go on without the CPU device: CUVEE_SKIP_NATIVE=1 npm run setup`,
    );
  }
  return compiler ?? 'cl';
}

/** Configures and builds when native sources, their CMake files or the compiler changed; false when there was nothing to do. */
export async function buildNative() {
  const source = [cpuPackage, join(cpuPackage, 'native')].find((folder) => existsSync(join(folder, 'CMakeLists.txt')));
  if (!source) return false;
  if (process.env.CUVEE_SKIP_NATIVE) {
    say('cuvee: CUVEE_SKIP_NATIVE is set, the CPU device stays as it is');
    return false;
  }
  const inputs = [...filesBelow(join(cpuPackage, 'native')), join(cpuPackage, 'CMakeLists.txt')].filter(existsSync);
  const headers = join(root, 'node_modules', 'node-api-headers', 'package.json');
  const value = fingerprint(
    [...inputs, headers],
    process.env.CXX ?? '',
    versionOf(process.env.CXX ?? 'c++'),
    process.platform,
    process.arch,
  );
  const stamp = join(nativeBuild, '.cuvee-built');
  if (stamped(stamp, value)) return false;
  demandTools();
  const generator = existsSync(join(nativeBuild, 'CMakeCache.txt')) ? [] : available('ninja') ? ['-G', 'Ninja'] : [];
  const jobs = process.env.CUVEE_JOBS ?? String(Math.max(1, cpus().length));
  say(`cuvee: building the native addon with ${jobs} jobs; the first time takes a few minutes`);
  await must('cmake', ['-S', source, '-B', nativeBuild, ...generator, '-DCMAKE_BUILD_TYPE=Release'], {
    hint: `A stale cache helps nobody: rm -r ${nativeBuild}`,
  });
  await must('cmake', ['--build', nativeBuild, '--config', 'Release', '-j', jobs]);
  writeStamp(stamp, value);
}
