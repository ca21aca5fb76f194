/**
 * @file `npm run bench [-- --only TEXT --rounds N --runs N --threads N --json FILE --svg FILE]`: the standing table, Cuvée and the peers found
 * on this machine in turns. FILE keeps rows of earlier calls that were not measured again. See README.md beside this file.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { ratiosChart } from './lib/chart.mjs';
import { figure } from './lib/figures.mjs';
import { measure, rows } from './lib/rows.mjs';
import { models } from './lib/runners.mjs';

const usage = `Usage: npm run bench -- [options]

The standing table: Cuvée and the peers found on this machine, in turns.

Options:
  --only TEXT    rows whose name has it, such as det or "2 threads" (default: all)
  --rounds N     turns of each (default: 9)
  --runs N       inferences a turn, of which the median counts (default: 5)
  --threads N    of each (default: 2)
  --json FILE    also as JSON; rows that it has and that are not measured now stay
  --svg FILE     also the ratios as a picture
  --no-setup     what is built is new enough

CUVEE_BENCH_MODELS=DIR has further models, CUVEE_PEERS=DIR the peers; bench/README.md tells more.`;

/** Ends with what is wrong with the command line. */
function misused(why) {
  console.error(`${why}\n\n${usage}`);
  process.exit(2);
}
function given() {
  const number = (text) => ({ type: 'string', default: text });
  const flag = { type: 'boolean', default: false };
  const text = { type: 'string' };
  try {
    return parseArgs({
      options: {
        ...{ only: text, rounds: number('9'), runs: number('5'), threads: number('2'), json: text, svg: text },
        ...{ 'no-setup': flag, help: { ...flag, short: 'h' } },
      },
    }).values;
  } catch (error) {
    return misused(error.message);
  }
}
const values = given();
for (const name of ['rounds', 'runs', 'threads'])
  if (!/^[1-9]\d*$/.test(values[name])) misused(`--${name} ${values[name]}: a number from 1 on is wanted`);
if (values.help) {
  console.log(usage);
  process.exit();
}
if (values.only && !rows().some(({ name }) => name.includes(values.only)))
  misused(
    `no row has "${values.only}"; there are:\n${rows()
      .map(({ name }) => `  ${name}`)
      .join('\n')}`,
  );
if (!values['no-setup']) await setup({ types: false });
const { Core } = await import('cuvee');

const between = ([low, high], show = figure) => `[${show(low)} ${show(high)}]`;

/** One line for Cuvée, one for each peer. */
function print(row) {
  const verdict = row.met === undefined ? '' : row.met ? 'met' : 'MISSED';
  const [ours, ...peers] = row.results;
  const target = row.limit ?? row.least ?? row.better;
  console.log(
    `${row.name.padEnd(36)}${figure(ours.figure).padStart(8)} ${between(ours.interval).padEnd(16)}${target === undefined ? '' : `target ${target}`}${
      ours.after === undefined ? '' : `, ${ours.after.toFixed(0)} MB above the start after release`
    }  ${verdict}`,
  );
  for (const peer of peers) {
    const { ratio, interval } = row.ratios[peer.runner];
    const wanted = row.against?.[peer.runner];
    const far = peer.difference === undefined ? '' : `  outputs differ by ${peer.difference.toExponential(1)}`;
    console.log(
      `  ${peer.runner.padEnd(34)}${figure(peer.figure).padStart(8)} ${between(peer.interval).padEnd(16)}ratio ${ratio.toFixed(3)} ${between(interval, (x) => x.toFixed(3))}${
        wanted === undefined ? '' : `, target ${wanted}`
      }${far}`,
    );
  }
}

const core = new Core();
const known = values.json && existsSync(values.json) ? JSON.parse(readFileSync(values.json, 'utf8')).rows : [];
const measured = new Map(known.map((row) => [row.name, row]));
const wanted = rows().filter(({ name }) => !values.only || name.includes(values.only));
console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${values.threads} threads; ms where no unit is named; [90 % interval]\n`);
for (const row of wanted) {
  const input = core.readModelSync(models()[row.model]).inputs[0].anyName;
  const result = await measure(row, { input, rounds: Number(values.rounds), runs: Number(values.runs), threads: Number(values.threads) });
  measured.set(row.name, { ...result, date: new Date().toISOString() });
  print(result);
}
const ordered = rows().flatMap(({ name }) => measured.get(name) ?? []);
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, threads: Number(values.threads), node: process.version };
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, date: new Date().toISOString(), rows: ordered }, null, 1)}\n`);
if (values.svg)
  writeFileSync(values.svg, ratiosChart(ordered, `${machine.cpu}, ${machine.threads} threads, ${new Date().toISOString().slice(0, 10)}`));
