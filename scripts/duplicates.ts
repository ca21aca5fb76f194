/**
 * @file Guard: runs of twelve and more lines that stand in two places, after dropping comments, blank lines, imports and
 * indentation. Generated files and tests are left out.
 */
import { cpp, type Finding, type Guard, isGenerated, isTest, main, sources, typescript, withoutComments } from './lib/guard.js';

const shortest = 12;

/** Share of all lines that may stand twice. */
const allowedShare = 0.02;

interface Line {
  text: string;
  file: string;
  number: number;
}

interface Run {
  length: number;
  first: Line;
  second: Line;
}

function significantLines(): Line[][] {
  return sources(['packages', 'examples', 'scripts', 'bench'], [...typescript, ...cpp])
    .filter((file) => !isTest(file.path) && !isGenerated(file))
    .map(({ path, text }) =>
      withoutComments(text)
        .split('\n')
        .map((line, index) => ({ text: line.trim().replace(/\s+/g, ' '), file: path, number: index + 1 }))
        .filter(({ text: line }) => /\w/.test(line) && !/^(import|export \*|#include|#pragma|using namespace|namespace)\b/.test(line)),
    );
}

/** Longest runs first seen: each window of twelve lines is looked up, a hit is extended, and its lines are not counted again. */
export function duplicateRuns(files: readonly Line[][]): Run[] {
  const seen = new Map<string, { lines: readonly Line[]; at: number }>();
  const runs: Run[] = [];
  for (const lines of files) {
    for (let at = 0; at + shortest <= lines.length; at++) {
      const key = lines
        .slice(at, at + shortest)
        .map(({ text }) => text)
        .join('\n');
      const before = seen.get(key);
      if (!before) {
        seen.set(key, { lines, at });
        continue;
      }
      if (before.lines === lines && at - before.at < shortest) continue;
      let length = shortest;
      while (
        at + length < lines.length &&
        before.at + length < before.lines.length &&
        lines[at + length]!.text === before.lines[before.at + length]!.text
      )
        length++;
      runs.push({ length, first: before.lines[before.at]!, second: lines[at]! });
      at += length - 1;
    }
  }
  return runs.sort((a, b) => b.length - a.length);
}

function check(): Finding {
  const files = significantLines();
  const total = files.reduce((sum, lines) => sum + lines.length, 0);
  const runs = duplicateRuns(files);
  const twice = runs.reduce((sum, { length }) => sum + length, 0);
  const share = total === 0 ? 0 : twice / total;
  const shown = runs
    .slice(0, 12)
    .map(({ length, first, second }) => `  ${length} lines: ${first.file}:${first.number} and ${second.file}:${second.number}`);
  const text = [
    `${runs.length} runs, ${twice} of ${total} lines (${(share * 100).toFixed(2)} %, limit ${allowedShare * 100} %)`,
    ...shown,
  ].join('\n');
  return {
    text,
    problems:
      share > allowedShare
        ? [`${(share * 100).toFixed(2)} % of the lines stand twice, limit ${allowedShare * 100} %: make one piece of code serve both`]
        : [],
  };
}

export const duplicates: Guard = { name: 'duplicates', check };
main(import.meta.url, duplicates);
