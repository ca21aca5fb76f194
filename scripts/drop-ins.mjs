/**
 * @file `npm run drop-ins [-- --image FILE --bert FOLDER --rounds N --json FILE]`: @gutenye/ocr-node and @huggingface/transformers
 * installed twice into empty folders, once as they are and once with npm overrides of the packed @cuvee/onnxruntime-node and
 * @cuvee/onnxruntime-web, and run unmodified on the same picture and sentences. Asserts equal results, 110 MB for the second
 * installation, and prints the ratios of the times. Needs a registry.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { writeBert } from './lib/bert.mjs';
import { entry, SetupError } from './lib/run.mjs';
import { packages, root } from './lib/workspace.mjs';

const applications = ['@gutenye/ocr-node', '@huggingface/transformers'];
const sizeLimit = 110;
const tolerance = 1e-4;

/** Paths of the packed tarballs by package name. */
function tarballs() {
  const folder = join(root, 'out', 'packages');
  execFileSync(process.execPath, [join(root, 'scripts', 'pack.mjs')], { stdio: ['ignore', 2, 2] });
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.tgz'))
      .map((name) => [name.replace(/^cuvee-(?=[a-z])/, '@cuvee/').replace(/-\d+\.\d+\.\d+.*$/, ''), `file:${join(folder, name)}`]),
  );
}

/** Names of the two packages and of what they depend on. */
function wanted(names = ['@cuvee/onnxruntime-node', '@cuvee/onnxruntime-web'], found = new Set()) {
  for (const name of names.filter((n) => n.startsWith('@cuvee/') && !found.has(n))) {
    found.add(name);
    wanted(Object.keys(packages().find((pack) => pack.name === name)?.manifest.dependencies ?? {}), found);
  }
  return found;
}

/** An empty project with the applications; every package of the house comes from its tarball. Gives the megabytes it takes on disk. */
function install(folder, house) {
  mkdirSync(folder, { recursive: true });
  const binary = Object.keys(house).filter((name) => name.startsWith('@cuvee/plugin-cpu-'));
  const own = Object.fromEntries([...wanted(), ...binary].filter((name) => house[name]).map((name) => [name, house[name]]));
  const manifest = {
    name: 'drop-in',
    private: true,
    type: 'module',
    dependencies: own,
    ...(house['@cuvee/onnxruntime-node'] && {
      overrides: { 'onnxruntime-node': '$@cuvee/onnxruntime-node', 'onnxruntime-web': '$@cuvee/onnxruntime-web' },
    }),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...applications], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  cpSync(join(root, 'scripts', 'lib', 'drop-in-runner.mjs'), join(folder, 'drop-in-runner.mjs'));
  return Number(execFileSync('du', ['-sm', join(folder, 'node_modules')], { encoding: 'utf8' }).split('\t')[0]);
}

/** A process that runs both applications on demand; it answers a line with a line of JSON. */
function start(folder, parameters, flags = []) {
  const child = spawn(process.execPath, [...flags, 'drop-in-runner.mjs', JSON.stringify(parameters)], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 2],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(what) {
      child.stdin.write(`${what}\n`);
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new SetupError(`the program in ${folder} ended without an answer to "${what}"`);
        if (value.startsWith('{')) return JSON.parse(value); // transformers.js may print to stdout
      }
    },
    quit: () => child.kill(),
  };
}

/** Until threads that spin for a while after their work have gone to sleep. */
const quiet = () => pause(200);

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Throws unless two results agree: the same texts, boxes and sizes, numbers within the tolerance. */
function agree(what, ours, theirs, path = '') {
  const same = (a, b) => (typeof a === 'number' ? Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)) : a === b);
  if (typeof theirs === 'object' && theirs !== null) {
    const keys = Object.keys(theirs);
    if (Object.keys(ours ?? {}).length !== keys.length)
      throw new SetupError(`${what}${path}: ${Object.keys(ours ?? {}).length} entries, onnxruntime-node has ${keys.length}`);
    for (const key of keys) agree(what, ours[key], theirs[key], `${path}.${key}`);
  } else if (!same(ours, theirs)) throw new SetupError(`${what}${path}: ${ours}, onnxruntime-node has ${theirs}`);
}

entry(async () => {
  const { values } = parseArgs({
    options: {
      image: { type: 'string', default: join(root, 'examples', 'ocr', 'images', 'poster-zh-en.png') },
      bert: { type: 'string' },
      rounds: { type: 'string', default: '15' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const work = mkdtempSync(join(tmpdir(), 'cuvee-drop-ins-'));
  const started = [];
  const run = (...given) => {
    started.push(start(...given));
    return started.at(-1);
  };
  try {
    const house = tarballs();
    const [theirs, ours] = [join(work, 'theirs'), join(work, 'ours')];
    const sizes = { theirs: install(theirs, {}), ours: install(ours, house) };
    console.log(`installed, MB on disk: onnxruntime-node ${sizes.theirs}, Cuvée by overrides ${sizes.ours} (limit ${sizeLimit})`);
    const models = values.bert ? resolve(values.bert, '..') : join(work, 'models');
    const model = values.bert ? resolve(values.bert).split(/[\\/]/).pop() : 'bert';
    if (!values.bert) writeBert(join(models, model), { layers: 6, hidden: 384, heads: 12, vocabulary: 2000 });
    if (!existsSync(values.image)) throw new SetupError(`there is no picture ${values.image}`);
    const parameters = { image: resolve(values.image), models, model };
    const runners = { ours: run(ours, parameters), theirs: run(theirs, parameters) };
    const figures = { sizes, ratios: {} };
    for (const task of ['versions', 'embed', 'ocr']) {
      const [mine, peer] = [await runners.ours.ask(task), await runners.theirs.ask(task)];
      if (task === 'versions') {
        console.log(`Cuvée: ${JSON.stringify(mine.result)}; peer: ${JSON.stringify(peer.result)}`);
        continue;
      }
      agree(task, mine.result, peer.result);
      console.log(`${task}: the same results`);
      const times = [];
      for (let round = 0; round < Number(values.rounds); round++) {
        const order = round % 2 ? ['ours', 'theirs'] : ['theirs', 'ours'];
        const pair = {};
        for (const who of order) {
          await quiet(); // else one would pay for the other's spinning threads
          pair[who] = (await runners[who].ask(task)).milliseconds;
        }
        times.push(pair);
      }
      const ratio = median(times.map((pair) => pair.ours / pair.theirs));
      figures.ratios[task] = ratio;
      const least = (who) => Math.min(...times.map((pair) => pair[who])).toFixed(2);
      console.log(
        `${task}: ms at best ${least('ours')} against ${least('theirs')}, median ratio ${ratio.toFixed(3)} (below 1: Cuvée is faster)`,
      );
      const delays = await Promise.all([runners.ours, runners.theirs].map(async (runner) => (await runner.ask(`delay ${task}`)).result));
      console.log(`${task}: event-loop delay p99 ${delays[0].toFixed(1)} ms against ${delays[1].toFixed(1)} ms`);
    }
    const hooked = run(theirs, parameters, ['--import', join(ours, 'node_modules', '@cuvee', 'onnxruntime-node', 'dist', 'register.js')]);
    const { result } = await hooked.ask('versions');
    if (!result.cuvee) throw new SetupError('the hook did not put Cuvée in the place of onnxruntime-node');
    agree('embed through the hook', (await hooked.ask('embed')).result, (await hooked.ask('embed')).result);
    console.log('the hook: works without an override');
    if (values.json) writeFileSync(values.json, JSON.stringify(figures, null, 2));
    if (sizes.ours > sizeLimit) throw new SetupError(`the installation with overrides takes ${sizes.ours} MB, limit ${sizeLimit} MB`);
  } finally {
    for (const { quit } of started) quit();
    if (values.keep) console.log(`kept: ${work}`);
    else rmSync(work, { recursive: true, force: true });
  }
});
