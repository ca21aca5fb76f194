import { basename } from 'node:path';
import { Core, type Explanation } from '../index.js';
import { applyShapes, parseConfig } from '../lib/inputs.js';
import { bytes, columns, cut, printJson, strong, table } from '../lib/output.js';
import { withProgress } from '../lib/progress.js';

interface Flags {
  readonly device: string;
  readonly shape?: readonly string[];
  readonly config: readonly string[];
  readonly json?: boolean;
}

type Row = Explanation['rows'][number];

/** `cuvee explain` */
export async function explain(path: string, flags: Flags): Promise<void> {
  const { explanation, name } = await withProgress(async (shown) => {
    const core = new Core();
    shown.stage(`reading ${basename(path)}`);
    const model = await core.readModel(path);
    applyShapes(model, flags.shape ?? []);
    shown.stage(`compiling for ${flags.device}`);
    const compiled = await core.compileModel(model, flags.device, parseConfig(flags.config));
    return { explanation: compiled.explain(), name: model.friendlyName };
  });
  if (flags.json) printJson(explanation);
  else console.log(pretty(name, flags.device, explanation));
}

const rule = /^rule: /;
const inBytes = /memory|arena|bytes/;

/** What a person reads: figures, rules with counts, kernels with counts, then step after step. */
export function pretty(name: string, device: string, { summary, rows }: Explanation, width = columns()): string {
  const entries = Object.entries(summary);
  const figures = entries
    .filter(([key]) => !rule.test(key) && key !== 'device')
    .map(([key, value]) => [key, typeof value === 'number' && inBytes.test(key) ? bytes(value) : String(value)]);
  const rules = entries.filter(([key]) => rule.test(key)).map(([key, value]) => [key.replace(rule, ''), value]);
  const parts = [strong(`${name} on ${device}`), ...(figures.length > 0 ? [table(['', ''], figures).trimStart()] : [])];
  if (rules.length > 0) parts.push(table(['rewritten by', 'times'], rules));
  if (rows.some((r) => r.kernel !== undefined)) parts.push(table(['kernel', 'steps'], counted(rows)));
  if (rows.length > 0) parts.push(steps(rows, width));
  return parts.join('\n\n');
}

/** Kernels and how often each is used, most used first. */
function counted(rows: readonly Row[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { kernel } of rows) counts.set(String(kernel ?? ''), (counts.get(String(kernel ?? '')) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** All rows, without columns that say nothing; names of nodes lose the folders that all of them share. */
function steps(rows: readonly Row[], width: number): string {
  const shown = [...new Set(rows.flatMap((r) => Object.keys(r)))].filter((c) => rows.some((r) => (r[c] ?? '') !== ''));
  const text = (row: Row, column: string): string => (column === 'nodes' ? joined(String(row.nodes ?? '')) : String(row[column] ?? ''));
  const narrow = shown.filter((c) => c !== 'nodes').map((c) => Math.max(c.length, ...rows.map((r) => [...text(r, c)].length)) + 2);
  const left = Math.max(24, width - narrow.reduce((a, b) => a + b, 0) - 1);
  return table(
    shown,
    rows.map((r) => shown.map((c) => (typeof r[c] === 'number' ? (r[c] as number) : cut(text(r, c), c === 'nodes' ? left : 60)))),
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
