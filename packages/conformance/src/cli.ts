/** @file `npx cuvee-conformance`: proves a device against reference data. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { CaseRef, Outcome } from './case.js';
import { checks } from './contract/index.js';
import { corpusCases, modelCases, onnxNodeCases } from './corpora.js';
import { coreWith, type Settings } from './core-with.js';
import { runAll } from './pool.js';
import { html, summarise, table, text } from './report.js';

interface Flags {
  readonly device: string;
  readonly corpus?: string;
  readonly onnxNode?: string;
  readonly models?: string;
  readonly contract?: boolean;
  readonly plugin?: string;
  readonly set: Settings;
  readonly only?: string;
  readonly jobs: number;
  readonly json?: string;
  readonly html?: string;
  readonly resume?: boolean;
  readonly rtol: number;
  readonly atol: number;
  readonly timeout: number;
}

const number = (text: string): number => {
  const n = Number(text);
  if (!Number.isFinite(n) || n < 0) throw new InvalidArgumentError('a number of at least 0 is expected');
  return n;
};

/** `MINE.RUN_TIME=5`, again and again. */
function setting(text: string, before: Settings): Settings {
  const [, device, name, value] = /^(.+)\.([A-Z][A-Z0-9_]*)=(.*)$/.exec(text) ?? [];
  if (!device || !name) throw new InvalidArgumentError('DEVICE.PROPERTY=VALUE is expected');
  return { ...before, [device]: { ...before[device], [name]: value } };
}

const program = new Command('cuvee-conformance')
  .exitOverride()
  .description('Proves a device against reference data. A crash or hang of one case is that case’s failure, never the run’s.')
  .option('--device <device>', 'device text, as in compileModel', 'CPU')
  .option('--corpus <dir>', 'an operation corpus: a folder of zips, or unpacked')
  .option('--onnx-node <path>', 'ONNX backend node tests: a zip, or a folder of <name>/model.onnx')
  .option('--models <dir>', 'model cases: every case.json below the folder')
  .option('--contract', 'the behaviour that every device must show, sentence by sentence of the contract')
  .option('--plugin <package>', 'load this plugin first: a package name or a path')
  .option('--set <device.property=value>', 'set a property of a device first; may be given again and again', setting, {})
  .option('--only <glob>', 'only cases whose id matches, * and ? allowed')
  .option('--jobs <n>', 'processes side by side', number, Math.max(1, availableParallelism()))
  .option('--json <file>', 'write all results')
  .option('--html <file>', 'write a page with all results')
  .option('--resume', 'keep what --json already holds and run the rest')
  .option('--rtol <x>', 'relative tolerance of --onnx-node', number, 1e-3)
  .option('--atol <x>', 'absolute tolerance of --onnx-node', number, 1e-5)
  .option('--timeout <seconds>', 'limit for one case', number, 120)
  .addHelpText('after', '\nExample:\n  npx cuvee-conformance --device CPU --onnx-node onnx-node.zip --json cpu.json');

/** `*` and `?` as in a shell, over the whole id. */
const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
  );

async function main(flags: Flags): Promise<number> {
  const all: CaseRef[] = [
    ...(flags.corpus ? corpusCases(flags.corpus) : []),
    ...(flags.onnxNode ? onnxNodeCases(flags.onnxNode) : []),
    ...(flags.models ? modelCases(flags.models) : []),
    ...(flags.contract ? checks.map(({ id }) => ({ id, kind: 'contract' as const, source: '', path: '', op: '' })) : []),
  ];
  if (!flags.corpus && !flags.onnxNode && !flags.models && !flags.contract) {
    console.error('one of --corpus, --onnx-node, --models and --contract is needed; --help shows more');
    return 2;
  }
  const wanted = flags.only ? all.filter((c) => glob(flags.only as string).test(c.id)) : all;
  if (wanted.length === 0) {
    console.error(flags.only ? `no case matches "${flags.only}"` : 'there are no cases');
    return 1;
  }
  const before =
    flags.resume && flags.json && existsSync(flags.json)
      ? (JSON.parse(readFileSync(flags.json, 'utf8')) as { cases: Record<string, Outcome> }).cases
      : {};
  const cases: Record<string, Outcome> = { ...before };
  const todo = wanted.filter((c) => !cases[c.id]);
  const engine = await describe(flags);
  const save = (): void => {
    if (flags.json) writeFileSync(flags.json, `${JSON.stringify(summarise(engine, flags.device, cases), null, 1)}\n`);
  };
  for (const c of todo) if (c.skip) cases[c.id] = { status: 'skip', reason: c.skip };
  let done = 0;
  let saved = Date.now();
  const runnable = todo.filter((c) => !c.skip);
  await runAll(runnable, {
    ...flags,
    settings: flags.set,
    jobs: flags.contract ? 1 : flags.jobs, // its checks measure time and memory
    onResult(ref, outcome) {
      cases[ref.id] = outcome;
      done++;
      progress(done, runnable.length, cases);
      if (Date.now() - saved > 5000) {
        save();
        saved = Date.now();
      }
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  save();
  const report = summarise(engine, flags.device, cases);
  if (flags.html) writeFileSync(flags.html, html(report));
  if (flags.contract) console.log(table(report));
  console.log(text(report));
  return report.summary.failed === 0 ? 0 : 1;
}

function progress(done: number, total: number, cases: Readonly<Record<string, Outcome>>): void {
  if (!process.stderr.isTTY) return;
  const width = 30;
  const filled = Math.round((width * done) / Math.max(1, total));
  const failed = Object.values(cases).filter((c) => c.status === 'fail').length;
  process.stderr.write(`\r${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${done}/${total}, ${failed} failed `);
}

/** The engine's name for reports. Throws when the plugin or the device is not there, before any case is run. */
async function describe({ device, plugin, set }: Flags): Promise<string> {
  const core = await coreWith(plugin, set);
  core.propertyTable(device);
  const reports = await core.devices();
  const isa = reports.find((r) => r.name === device)?.capabilities.find((c) => c.startsWith('ISA_'));
  return `cuvee 0.1.0 ${device}${isa ? ` ${isa.slice(4).toLowerCase()}` : ''}${plugin ? ` (${plugin})` : ''}`;
}

try {
  process.exitCode = await main(program.parse().opts<Flags>());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
