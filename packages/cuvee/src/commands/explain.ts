import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Core, type CompiledModel, type Explanation, type Model } from '../index.js';
import { drawing } from '../lib/diagram.js';
import { stepsChart } from '../lib/steps-chart.js';
import { applyShapes, loadInputs, parseConfig } from '../lib/inputs.js';
import { bytes, columns, cut, percentile, printJson, quantity, strong, table } from '../lib/output.js';
import { withProgress, type Progress } from '../lib/progress.js';

interface Flags {
  readonly device: string;
  readonly shape?: readonly string[];
  readonly config: readonly string[];
  readonly input?: readonly string[];
  readonly measure?: boolean;
  readonly svg?: string;
  readonly json?: boolean;
}

type Row = Explanation['rows'][number];

/** `cuvee explain` */
export async function explain(path: string, flags: Flags): Promise<void> {
  const { explanation, name, open } = await withProgress(async (shown) => {
    const core = new Core();
    shown.stage(`reading ${basename(path)}`);
    const model = await core.readModel(path);
    applyShapes(model, flags.shape ?? []);
    shown.stage(`compiling for ${flags.device}`);
    const compiled = await core.compileModel(model, flags.device, {
      ...(flags.measure && { PERF_COUNT: true }),
      ...parseConfig(flags.config),
    });
    return { explanation: await explained(compiled, model, flags, shown), name: model.friendlyName, open: openSizes(model, flags) };
  });
  const { diagram } = explanation;
  if (flags.svg) writeFileSync(flags.svg, diagram ? drawing(diagram, `${name} on ${flags.device}`) : stepsChart(explanation, name));
  if (flags.json) printJson(explanation);
  else if (!flags.svg || flags.measure) console.log(pretty(name, flags.device, explanation));
  if (open && !flags.json && !flags.svg) console.log(`\n${open}`);
}

/** What a person should know of sizes that neither model nor flags tell. */
function openSizes(model: Model, flags: Flags): string | undefined {
  const input = model.inputs.find((v) => v.partialShape.isDynamic());
  if (!input || (flags.measure && flags.input?.length)) return undefined;
  const how = `--shape ${input.anyName}=${input.partialShape} with numbers in place of what is open`;
  return flags.measure
    ? `Sizes are open, and were taken as small as they may be: ${how} measures others.`
    : `Sizes are open, and kernels are chosen for sizes: ${how} tells tiles, bytes and flops, too.`;
}

/**
 * What the device tells. Where sizes are known it tells more after an inference: kernels are chosen for sizes. With `--measure`, each row's
 * `ms` and `% of roofline` are medians of several inferences.
 */
async function explained(compiled: CompiledModel, model: Model, flags: Flags, shown: Progress): Promise<Explanation> {
  if (!flags.measure && model.inputs.some((v) => v.partialShape.isDynamic())) return compiled.explain();
  const request = compiled.createInferRequest();
  const inputs = await loadInputs(model, flags.input ?? []);
  shown.stage(flags.measure ? 'measuring' : 'choosing kernels');
  await request.inferAsync(inputs);
  if (!flags.measure) return compiled.explain();
  // Telling takes longer than inferring, and leaves work for the garbage collector: only the last run is told whole.
  const times: number[][] = []; // by step
  let runs = 0;
  const until = performance.now() + 2000;
  while (runs < 3 || (runs < 50 && performance.now() < until)) {
    runs++;
    await request.inferAsync(inputs);
    request.profilingInfo().forEach(({ microseconds }, i) => void (times[i] ??= []).push(microseconds / 1000));
  }
  const told = compiled.explain();
  const fits = told.rows.length === times.length && told.rows.every((row) => row.ms !== undefined);
  return {
    ...told,
    summary: {
      ...told.summary,
      'inferences measured': runs,
      'measured with': Object.entries(inputs)
        .map(([name, { shape }]) => `${name} [${shape.join(',')}]`)
        .join(', '),
    },
    rows: fits ? told.rows.map((row, i) => typical(row, times[i] as number[])) : told.rows,
  };
}

/** A row with the median of a step's times instead of the last one. */
function typical(row: Row, times: readonly number[]): Row {
  const ms = percentile(
    [...times].sort((a, b) => a - b),
    50,
  );
  const share = row['% of roofline'];
  return { ...row, ms, ...(share !== undefined && ms > 0 && { '% of roofline': (Number(share) * Number(row.ms)) / ms }) };
}

const rule = /^rule: /;
const inBytes = /^(memory|arena)|bytes/;
/** Columns of large numbers, and how they are written. */
const units = { bytes, flops: quantity, ms: (n: number) => n.toFixed(3), '% of roofline': (n: number) => n.toFixed(1) };

/** What a person reads: figures, rules with counts, kernels with counts, then step after step. */
export function pretty(name: string, device: string, { summary, rows }: Explanation, width = columns()): string {
  const entries = Object.entries(summary);
  const figures = entries
    .filter(([key]) => !rule.test(key) && key !== 'device')
    .map(([key, value]) => [key, typeof value === 'number' && inBytes.test(key) ? bytes(value) : String(value)]);
  const rules = entries.filter(([key]) => rule.test(key)).map(([key, value]) => [key.replace(rule, ''), value]);
  const parts = [strong(`${name} on ${device}`), ...(figures.length > 0 ? [table(['', ''], figures).trimStart()] : [])];
  if (rules.length > 0) parts.push(table(['rewritten by', 'times'], rules));
  if (rows.some((r) => r.ms !== undefined)) parts.push(table(['kernel', 'steps', 'ms', '% of time', '% of roofline'], timed(rows)));
  else if (rows.some((r) => r.kernel !== undefined)) parts.push(table(['kernel', 'steps'], counted(rows)));
  if (rows.length > 0) parts.push(steps(rows, width));
  return parts.join('\n\n');
}

/** Kernels and how often each is used, most used first. */
function counted(rows: readonly Row[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { kernel } of rows) counts.set(String(kernel ?? ''), (counts.get(String(kernel ?? '')) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** Kernels, how often each is used, its time, its share of all time, and the percentage of the roofline weighted by time. */
function timed(rows: readonly Row[]): (string | number)[][] {
  const kernels = new Map<string, { steps: number; ms: number; least: number }>();
  for (const row of rows) {
    const ms = Number(row.ms ?? 0);
    const known = kernels.get(String(row.kernel)) ?? { steps: 0, ms: 0, least: 0 };
    kernels.set(String(row.kernel), {
      steps: known.steps + 1,
      ms: known.ms + ms,
      least: known.least + (ms * Number(row['% of roofline'] ?? 0)) / 100,
    });
  }
  const all = [...kernels.values()].reduce((total, k) => total + k.ms, 0) || 1;
  return [...kernels]
    .sort((a, b) => b[1].ms - a[1].ms)
    .map(([name, k]) => [
      name,
      k.steps,
      k.ms.toFixed(3),
      ((100 * k.ms) / all).toFixed(1),
      k.ms > 0 ? ((100 * k.least) / k.ms).toFixed(1) : '',
    ]);
}

/** All rows, without columns that say nothing; names of nodes lose the folders that all of them share. */
function steps(rows: readonly Row[], width: number): string {
  const shown = [...new Set(rows.flatMap((r) => Object.keys(r)))].filter((c) => rows.some((r) => (r[c] ?? '') !== ''));
  const text = (row: Row, column: string): string =>
    column === 'nodes'
      ? joined(String(row.nodes ?? ''))
      : typeof row[column] === 'number' && column in units
        ? (units[column as keyof typeof units] as (n: number) => string)(row[column] as number)
        : String(row[column] ?? '');
  const narrow = shown.filter((c) => c !== 'nodes').map((c) => Math.max(c.length, ...rows.map((r) => [...text(r, c)].length)) + 2);
  const left = Math.max(24, width - narrow.reduce((a, b) => a + b, 0) - 1);
  return table(
    shown,
    rows.map((r) =>
      shown.map((c) => (typeof r[c] === 'number' && !(c in units) ? (r[c] as number) : cut(text(r, c), c === 'nodes' ? left : 60))),
    ),
  );
}

/** `/a/b/c/Conv /a/b/d/Clip` → `/a/b/c/Conv + d/Clip`: nodes of one step, later ones without what they share with the first. */
export function joined(nodes: string): string {
  const [first = '', ...others] = nodes.split(' ').filter(Boolean);
  const folders = first.split('/').slice(0, -1);
  const rest = others.map((name) => {
    const parts = name.split('/');
    let same = 0;
    while (same < folders.length && same < parts.length - 1 && parts[same] === folders[same]) same++;
    return parts.slice(same).join('/');
  });
  return [first, ...rest].join(' + ');
}
