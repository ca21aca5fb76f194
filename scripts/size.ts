/** @file Guard: how long source files are. TypeScript aims at 150 lines, is looked at twice from 400, fails at 700; C++ fails at 600. */
import { cpp, type Finding, type Guard, isGenerated, main, sources, typescript } from './lib/guard.js';

const limits = { typescript: { aim: 150, warn: 400, fail: 700 }, cpp: { aim: 300, warn: 450, fail: 600 } };

/** Files that may be longer, each with the reason. */
const exceptions: Readonly<Record<string, string>> = {};

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

function check(): Finding {
  const problems: string[] = [];
  const parts: string[] = [];
  for (const [language, endings] of [
    ['typescript', typescript],
    ['cpp', cpp],
  ] as const) {
    const { aim, warn, fail } = limits[language];
    const files = sources(['packages', 'examples', 'scripts', 'bench'], endings)
      .filter((file) => !isGenerated(file))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
    const sorted = files.map(({ lines }) => lines).sort((a, b) => a - b);
    const total = sorted.reduce((sum, lines) => sum + lines, 0);
    parts.push(
      `${language} ${files.length} files, ${total} lines, median ${percentile(sorted, 0.5)} (aim ${aim}), p90 ${percentile(sorted, 0.9)}, longest ${sorted.at(-1) ?? 0} (limit ${fail})`,
    );
    for (const { path, lines } of files.filter((file) => file.lines > warn).sort((a, b) => b.lines - a.lines)) {
      parts.push(`  look twice: ${lines} ${path}`);
      if (lines > fail && !(path in exceptions))
        problems.push(`${path} has ${lines} lines, limit ${fail}: split it along a seam that has a name`);
    }
    const stale = Object.keys(exceptions).filter((path) => files.some((file) => file.path === path && file.lines <= fail));
    problems.push(...stale.map((path) => `${path} is an exception in scripts/size.ts but fits: remove the exception`));
  }
  return { text: parts.join('\n'), problems };
}

export const size: Guard = { name: 'size', check };
main(import.meta.url, size);
