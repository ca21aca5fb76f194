/**
 * @file `node scripts/instructions.mjs [--write]`: what small layers of each kernel family cost in instructions, scalar and AVX2, counted by
 * valgrind, held against scripts/data/instructions.json. Counts hardly depend on the machine or on what else runs, so a kernel that
 * became slower by doing more is seen here at once; one that waits more is seen by `npm run bench` alone. A family may cost 5 % more.
 * Exit code 77: not counted, for the reason that the last line gives. `--write`: the counts of today become the measure.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nativeBuild } from './lib/native.mjs';
import { root } from './lib/workspace.mjs';

const families = [
  ...['pointwise', 'direct', 'winograd', 'depthwise', 'product', 'deconv'],
  ...['eltwise', 'reduce', 'softmax', 'mvn', 'pool', 'lrn', 'resize', 'image', 'reorder', 'digest'],
];
const isas = ['scalar', 'avx2'];
const most = 1.05;
const file = join(root, 'scripts', 'data', 'instructions.json');
const binary = join(nativeBuild, 'cuvee_native_test');

const say = (program, ...args) => spawnSync(program, args, { encoding: 'utf8' });
const skip = (reason) => {
  console.log(reason);
  process.exit(77);
};

const run = promisify(execFile);

/** Instructions of one family's layers. */
async function count(family, isa) {
  const { stderr } = await run('valgrind', [
    '--tool=callgrind',
    '--callgrind-out-file=/dev/null',
    '--toggle-collect=cuvee::test::counted*',
    binary,
    'bench',
    '--seconds',
    '0',
    '--isa',
    isa,
    '--only',
    `count_${family}`,
  ]);
  const found = /Collected : (\d+)/.exec(stderr);
  if (!found || Number(found[1]) === 0) throw new Error(`${family} with ${isa}: ${stderr.slice(-500)}`);
  return Number(found[1]);
}

if (process.arch !== 'x64' || process.platform !== 'linux') skip('counts are kept for Linux on x64');
if (!existsSync(binary)) skip('cuvee_native_test is not built on this machine');
if (say('valgrind', '--version').status !== 0) skip('valgrind is not installed');
const compiler = say('c++', '-dumpfullversion').stdout?.trim() ?? '';
const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { compiler, counts: {} };
const write = process.argv.includes('--write');
if (!write && known.compiler !== compiler) skip(`counts are of compiler ${known.compiler}, this one is ${compiler}`);
// One instruction set beside the other: counts do not mind.
const counted = async (isa) => {
  const all = {};
  for (const family of families) all[family] = await count(family, isa);
  return [isa, all];
};
const counts = Object.fromEntries(await Promise.all(isas.map(counted)));
let worse = 0;
for (const isa of isas)
  for (const family of families) {
    const [now, before] = [counts[isa][family], known.counts[isa]?.[family]];
    const ratio = now / (before ?? now);
    if (ratio > most) worse++;
    console.log(
      `${family.padEnd(12)}${isa.padEnd(8)}${String(now).padStart(12)} instructions  ${ratio.toFixed(3)} of what it was${ratio > most ? '  TOO MANY' : ''}`,
    );
  }
if (write) writeFileSync(file, `${JSON.stringify({ compiler, counts }, null, 2)}\n`);
else if (worse > 0) {
  console.log(`${worse} cost more than ${most} of what they did; if that is what is wanted: node scripts/instructions.mjs --write`);
  process.exit(1);
}
