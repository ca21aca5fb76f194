/**
 * @file `npm run prebuilds [-- PLATFORM…]`: the CPU device's binary for every platform that is published, cross-compiled with zig
 * (PyPI: ziglang) on this machine, judged by format, libraries and symbols. `--tests` builds cuvee_native_test as well (static on
 * musl, so that qemu-user runs it). `--quick` compiles one portable file for every platform and stops: exit code 77 without zig.
 * A platform whose sources are unchanged is not built again. scripts/pack.mjs makes packages of the results.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuPackage } from './lib/native.mjs';
import { platforms } from './lib/platforms.mjs';
import { fromPrebuild, nativeFingerprint, prebuildFolder, prebuildStamp } from './lib/prebuilt.mjs';
import { available, entry, must, SetupError, say } from './lib/run.mjs';
import { stamped, writeStamp } from './lib/workspace.mjs';

/** The zig executable: CUVEE_ZIG, zig on the path, or the one that `python3 -m pip install ziglang` brought. */
function findZig() {
  if (process.env.CUVEE_ZIG) return process.env.CUVEE_ZIG;
  if (available('zig', ['version'])) return 'zig';
  const { status, stdout } = spawnSync(
    'python3',
    ['-c', 'import ziglang, os; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))'],
    {
      encoding: 'utf8',
    },
  );
  return status === 0 && existsSync(stdout.trim()) ? stdout.trim() : undefined;
}

async function build(platform, zig, tests) {
  const folder = prebuildFolder(platform);
  const value = nativeFingerprint();
  if (!tests && stamped(prebuildStamp(platform), value) && existsSync(join(folder, 'cuvee_cpu.node'))) return;
  const start = performance.now();
  mkdirSync(folder, { recursive: true });
  const settings = {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_TOOLCHAIN_FILE: join(cpuPackage, 'cmake', 'zig.cmake'),
    CUVEE_ZIG: zig,
    CUVEE_TARGET: platform.zig,
    CUVEE_NATIVE_TESTS: tests ? 'ON' : 'OFF',
  };
  const generator = available('ninja') ? ['-G', 'Ninja'] : [];
  const flags = Object.entries(settings).map(([name, text]) => `-D${name}=${text}`);
  await must('cmake', ['-S', cpuPackage, '-B', folder, ...generator, ...flags], { hint: `A stale cache helps nobody: rm -r ${folder}` });
  await must('cmake', ['--build', folder, '-j', process.env.CUVEE_JOBS ?? '2']);
  writeStamp(prebuildStamp(platform), value);
  say(`cuvee: ${platform.name} built (${((performance.now() - start) / 1000).toFixed(0)} s)`);
}

/** One file that every platform compiles, and the seam that differs most. */
function quick(zig) {
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-cross-'));
  try {
    for (const platform of platforms) {
      const system = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[platform.os];
      for (const source of [`system_${system}.cc`, `cores_${system}.cc`, platform.cpu === 'arm64' ? 'cpu_arm64.cc' : 'cpu_x64.cc'])
        execFileSync(
          zig,
          ['c++', '-target', platform.zig, '-std=c++20', '-O1', '-Wall', '-Wextra', '-Werror', `-I${join(cpuPackage, 'native')}`].concat([
            '-c',
            join(cpuPackage, 'native', 'base', source),
            '-o',
            join(folder, 'object.o'),
          ]),
          { stdio: ['ignore', 2, 2] },
        );
    }
    console.log(`the seams compile for ${platforms.map(({ name }) => name).join(', ')}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

entry(async () => {
  const words = process.argv.slice(2);
  const zig = findZig();
  if (!zig) {
    const line =
      'no zig here to cross-compile with. Type: python3 -m venv ~/.zig && ~/.zig/bin/pip install ziglang, and put it on the path or name it in CUVEE_ZIG';
    if (!words.includes('--quick')) throw new SetupError(line);
    console.log(line);
    return 77;
  }
  if (words.includes('--quick')) return quick(zig);
  const named = words.filter((word) => !word.startsWith('--'));
  const unknown = named.find((name) => !platforms.some((platform) => platform.name === name));
  if (unknown) throw new SetupError(`no platform ${unknown}; there are ${platforms.map(({ name }) => name).join(', ')}`);
  for (const platform of platforms.filter(({ name }) => named.length === 0 || named.includes(name))) {
    await build(platform, zig, words.includes('--tests'));
    const made = fromPrebuild(platform);
    if (!made) throw new SetupError(`the sources changed while ${platform.name} was built. Type the same again`);
    const { bytes, oldest, libraries } = made;
    console.log(`${platform.name.padEnd(18)} ${(bytes / 1e6).toFixed(2).padStart(5)} MB  ${oldest.padEnd(12)} ${libraries.join(' ')}`);
  }
});
