/** @file What a run has to say: JSON, HTML, a summary for people. */
import type { Outcome } from './case.js';

export interface Report {
  readonly runner: 'cuvee';
  readonly engine: string;
  readonly device: string;
  readonly summary: { readonly passed: number; readonly failed: number; readonly skipped: number };
  readonly cases: Readonly<Record<string, Outcome>>;
}

export function summarise(engine: string, device: string, cases: Readonly<Record<string, Outcome>>): Report {
  const count = (status: Outcome['status']): number => Object.values(cases).filter((c) => c.status === status).length;
  return { runner: 'cuvee', engine, device, summary: { passed: count('pass'), failed: count('fail'), skipped: count('skip') }, cases };
}

/** The first words of a reason: what kind of failure it is. */
export function kindOf({ reason = '' }: Outcome): string {
  if (/^(not supported|error|not a CuveeError|crash|hang)/.test(reason)) return (/^[^:]+/.exec(reason) as RegExpExecArray)[0];
  return 'differs';
}

/** Lines for the terminal: totals, kinds of failures, the operations that fail most. */
export function text({ summary, cases }: Report): string {
  const failed = Object.entries(cases).filter(([, c]) => c.status === 'fail');
  const tally = (keys: readonly string[]): [string, number][] => {
    const counts = new Map<string, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  };
  const lines: string[] = [];
  for (const [kind, n] of tally(failed.map(([, c]) => kindOf(c)))) lines.push(`${String(n).padStart(6)}  ${kind}`);
  for (const [id, c] of failed.slice(0, 20)) lines.push(`  ${id}: ${(c.reason ?? '').slice(0, 160)}`);
  if (failed.length > 20) lines.push(`  … and ${failed.length - 20} more; --json has all`);
  const skipped = Object.entries(cases).filter(([, c]) => c.status === 'skip');
  for (const [reason, n] of tally(skipped.map(([, c]) => c.reason ?? ''))) lines.push(`${String(n).padStart(6)}  skipped: ${reason}`);
  return [...lines, `${summary.passed} passed, ${summary.failed} failed, ${summary.skipped} skipped`].join('\n');
}

/** The checks of the contract as a table: area, check, outcome, milliseconds, and the sentence that it proves. */
export function table({ cases }: Report): string {
  const rows = Object.entries(cases).filter(([, c]) => c.says !== undefined || c.status !== 'pass');
  const width = Math.max(0, ...rows.map(([id]) => id.length));
  return rows
    .map(([id, { status, ms = 0, says = '' }]) => {
      const line = `${status.padEnd(4)} ${id.padEnd(width)} ${ms.toFixed(0).padStart(6)} ms  ${says}`;
      return line.length > 160 ? `${line.slice(0, 159)}…` : line;
    })
    .join('\n');
}

const escape = (s: string): string => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export function html(report: Report): string {
  const rows = Object.entries(report.cases).map(
    ([id, c]) =>
      `<tr class="${c.status}"><td>${escape(id)}</td><td>${c.status}</td><td>${c.ms ?? ''}</td><td>${escape(c.reason ?? c.says ?? '')}</td></tr>`,
  );
  const { passed, failed, skipped } = report.summary;
  const total = Math.max(1, passed + failed + skipped);
  return `<!doctype html><meta charset="utf-8"><title>Conformance of ${escape(report.device)}</title>
<style>body{font:14px system-ui;margin:2rem;color:#222}table{border-collapse:collapse;width:100%}td{padding:.2rem .6rem;border-top:1px solid #ddd;vertical-align:top}
.fail td:nth-child(2){color:#b00020;font-weight:600}.pass td:nth-child(2){color:#0a7d33}.skip td:nth-child(2){color:#8a6d00}
.bar{display:flex;height:14px;border-radius:7px;overflow:hidden;margin:1rem 0}.bar i{display:block}</style>
<h1>Conformance of ${escape(report.device)}</h1><p>${escape(report.engine)}: ${passed} passed, ${failed} failed, ${skipped} skipped</p>
<div class="bar"><i style="width:${(100 * passed) / total}%;background:#0a7d33"></i><i style="width:${(100 * failed) / total}%;background:#b00020"></i><i style="width:${(100 * skipped) / total}%;background:#d9b000"></i></div>
<table>${rows.join('\n')}</table>\n`;
}
