/**
 * @file `node scripts/paired.mjs [--base COMMIT]`: times of small layers of each kernel family, this tree's native code against that of
 * the commit before it last changed (COMMIT: another one), the two binaries in turns. A layer is slower when the whole 90 % interval of
 * its round-by-round ratios lies above 1.15, and did so twice; anything less may be the machine. Times are the thread's own, so that
 * other processes disturb only the caches. The other binary is built once, into out/paired, within a minute (CUVEE_PAIRED_BUILD_S).
 * Exit code 77: not measured, for the reason that the last line gives.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { interval, median } from '../bench/lib/figures.mjs';
import { cpuPackage, nativeBuild } from './lib/native.mjs';
import { available } from './lib/run.mjs';
import { root } from './lib/workspace.mjs';

const most = 1.15;
const rounds = 7;
/** Milliseconds for the rounds of one instruction set: on a busy machine fewer are made, and wide intervals accuse nobody. */
const patience = 12_000;
const { values } = parseArgs({ options: { base: { type: 'string' } } });
const here = relative(root, cpuPackage);
const sources = ['native', 'CMakeLists.txt'].map((name) => `${here}/${name}`);

const say = (program, args, options) => spawnSync(program, args, { encoding: 'utf8', cwd: root, ...options });
const git = (...args) => {
  const { status, stdout } = say('git', args);
  return status === 0 ? stdout.trim() : undefined;
};
const skip = (reason) => {
  console.log(reason);
  process.exit(77);
};

/** The commit to hold this tree against: HEAD while native sources are being changed, else the one before they last were. */
function base() {
  if (values.base) return git('rev-parse', '--verify', `${values.base}^{commit}`) ?? skip(`${values.base} is no commit of this repository`);
  if (git('status', '--porcelain', '--', ...sources)) return git('rev-parse', 'HEAD') ?? skip('this is no git repository with commits');
  const last = git('log', '-1', '--format=%H', '--', ...sources);
  return (last && git('rev-parse', '--verify', `${last}^`)) || skip('the history does not reach back to other native sources');
}

/** The native test binary of a commit. */
function built(commit) {
  const tree = git('rev-parse', `${commit}:${here}/native`);
  if (!tree) skip(`commit ${commit.slice(0, 9)} has no native sources`);
  const folder = join(root, 'out', 'paired', tree.slice(0, 16));
  const target = git('show', `${commit}:${here}/CMakeLists.txt`)?.includes('cuvee_native_bench')
    ? 'cuvee_native_bench'
    : 'cuvee_native_test';
  const binary = join(folder, 'build', target);
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const sourced = say('sh', ['-c', `git archive ${commit} ${here} | tar -x -C '${folder}'`]);
  const made =
    sourced.status === 0 &&
    say('cmake', [
      '-S',
      join(folder, here),
      '-B',
      join(folder, 'build'),
      ...(available('ninja') ? ['-G', 'Ninja'] : []),
      '-DCMAKE_BUILD_TYPE=Release',
    ]).status === 0;
  const seconds = Number(process.env.CUVEE_PAIRED_BUILD_S ?? 60);
  // What was compiled stays for the next try.
  const { status } = made
    ? say('cmake', ['--build', join(folder, 'build'), '--target', target, '-j', process.env.CUVEE_JOBS ?? '2'], {
        timeout: seconds * 1000,
      })
    : { status: 1 };
  if (status === null) skip(`commit ${commit.slice(0, 9)} was not built within ${seconds} s; the next try goes on from there`);
  if (status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    skip(`commit ${commit.slice(0, 9)} does not build here`);
  }
  return binary;
}

/** Best times of a binary's layers in µs, by name. */
function times(binary, isa) {
  const { stdout, status } = say(binary, ['bench', '--only', 'count_', '--isa', isa, '--seconds', '0.01']);
  if (status !== 0) return new Map();
  return new Map([...stdout.matchAll(/^(.+?)\s+(?:\w+\s+\d+ thr\s+)?best\s+([\d.]+) us/gm)].map(([, name, us]) => [name, Number(us)]));
}

/** Ratios of this tree's times to the other's, round by round, by layer. */
function ratios(other, own, isa) {
  const all = new Map();
  const until = performance.now() + patience;
  for (let round = 0; round < rounds && performance.now() < until; round++) {
    const told = new Map((round % 2 ? [other, own] : [own, other]).map((binary) => [binary, times(binary, isa)]));
    for (const [name, us] of told.get(own)) {
      const before = told.get(other).get(name);
      if (before) all.set(name, [...(all.get(name) ?? []), us / before]);
    }
  }
  return all;
}

if (process.platform !== 'linux') skip('times are compared on Linux');
const own = join(nativeBuild, 'cuvee_native_bench');
if (!existsSync(own)) skip('cuvee_native_bench is not built on this machine');
const commit = base();
const other = built(commit);
const isas = process.arch === 'x64' ? ['avx2', 'avx512'] : ['neon'];
const slow = new Set();
for (const isa of isas) {
  const suspects = ([name, all]) => all.length >= 5 && interval(all)[0] > most && [name];
  const first = ratios(other, own, isa);
  const again = [...first].some(suspects) ? ratios(other, own, isa) : new Map();
  for (const [name, all] of first) {
    const both = suspects([name, all]) && suspects([name, again.get(name) ?? []]);
    if (both) slow.add(`${name} ${isa}`);
    const [low, high] = interval(all);
    console.log(
      `${name.padEnd(46)}${isa.padEnd(8)}${median(all).toFixed(3)} of its time [${low.toFixed(3)} ${high.toFixed(3)}]${both ? '  SLOWER' : ''}`,
    );
  }
}
console.log(`against commit ${commit.slice(0, 9)}: ${git('log', '-1', '--format=%s', commit)}`);
if (slow.size > 0) {
  console.log(`slower than ${most} of what they were: ${[...slow].join(', ')}`);
  process.exit(1);
}
