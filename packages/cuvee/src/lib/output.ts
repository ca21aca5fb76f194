/** @file How commands speak: tables and JSON on stdout, progress on stderr, exit codes. */
import { styleText } from 'node:util';
import Table from 'cli-table3';

/** Rows with aligned columns, without lines; wide characters count as two. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const t = new Table({
    head: [...head],
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '  ',
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: coloured() ? ['bold'] : [], border: [] },
    colAligns: head.map((_, i) =>
      rows.length > 0 && rows.every((r) => typeof r[i] === 'number' || /^[\d.,]+$/.test(String(r[i]))) ? 'right' : 'left',
    ),
  });
  for (const row of rows) t.push(row.map(String));
  return t
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

export const printJson = (value: unknown): void =>
  console.log(JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v === Number.POSITIVE_INFINITY ? null : v), 1));

/** `1.2 MB` */
export function bytes(n: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let i = 0;
  let value = n;
  while (value >= 1000 && i < units.length - 1) {
    value /= 1000;
    i++;
  }
  return `${i === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[i]}`;
}

/** `1234567` → `1.23 M`. */
export function quantity(n: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let i = 0;
  let value = n;
  while (value >= 1000 && i < units.length - 1) {
    value /= 1000;
    i++;
  }
  return `${i === 0 ? value : value.toFixed(2)}${units[i]}`;
}

/** Whether colours go to stdout: a terminal, and nobody asked for none. */
export const coloured = (): boolean => process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

/** A heading or another word that should stand out; plain text where colours do not go. */
export const strong = (text: string): string => (coloured() ? styleText('bold', text) : text);

/** Columns of the terminal; wide where the output goes to a file or a pipe. */
export const columns = (): number => (process.stdout.isTTY ? process.stdout.columns : 200);

/** The text, cut with an ellipsis when it is longer than `length`. */
export const cut = (text: string, length: number): string => {
  const letters = [...text];
  return letters.length <= length ? text : `${letters.slice(0, Math.max(1, length - 1)).join('')}…`;
};

/** Median and other percentiles of a list of milliseconds. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0;
}
