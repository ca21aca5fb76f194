/** @file How commands speak: tables and JSON on stdout, progress on stderr, exit codes. */
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
    style: { 'padding-left': 0, 'padding-right': 0, head: process.stdout.isTTY ? ['bold'] : [], border: [] },
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

/** A bar on stderr while work of known length goes on; silent when stderr is no terminal. */
export function progress(label: string, total: number): { step: (n?: number) => void; end: () => void } {
  let done = 0;
  const show = process.stderr.isTTY === true && !process.env.CI;
  return {
    step(n = 1) {
      done += n;
      if (!show) return;
      const filled = Math.round((24 * done) / Math.max(1, total));
      process.stderr.write(`\r${label} ${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${done}/${total} `);
    },
    end() {
      if (show) process.stderr.write(`\r${' '.repeat(label.length + 40)}\r`);
    },
  };
}

/** Median and other percentiles of a list of milliseconds. */
export function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? 0;
}
