/** @file What every guard shares: finding sources, stripping comments, printing, and `--assert`. */
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesBelow, root } from './workspace.mjs';

/** What a guard saw: text for a person, and the problems that `--assert` fails on. */
export interface Finding {
  text: string;
  problems: string[];
}

/** One guard: its name and what it checks, given the words on its command line. */
export interface Guard {
  name: string;
  check(words: readonly string[]): Finding;
}

/** A source file: path from the checkout's root with forward slashes, and its text. */
export interface Source {
  path: string;
  text: string;
}

/** Files below `folders` (from the root) whose names end in one of `endings`, without data folders and declaration files. */
export function sources(folders: readonly string[], endings: readonly string[]): Source[] {
  const wanted = (path: string): boolean =>
    endings.some((ending) => path.endsWith(ending)) && !path.endsWith('.d.ts') && !/[\\/]data[\\/]/.test(path);
  return folders
    .flatMap((folder) => filesBelow(`${root}/${folder}`, wanted))
    .map((path) => ({ path: relative(root, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }));
}

/** Endings of the two languages. */
export const typescript = ['.ts', '.mts', '.mjs'] as const;
export const cpp = ['.cc', '.cpp', '.h', '.hpp', '.inc'] as const;

/** Whether a file says near its top that a script writes it. */
export const isGenerated = ({ text }: Source): boolean =>
  /@generated|(generated|printed|written) by `?(scripts|tools)\//i.test(text.slice(0, 500));

/** Comments replaced by blanks of the same number of lines; strings stay. */
export function withoutComments(text: string): string {
  const token = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|(\/\*[\s\S]*?\*\/|\/\/[^\n]*)/g;
  return text.replace(token, (_all, string: string | undefined, comment: string | undefined) => string ?? comment!.replace(/[^\n]+/g, ' '));
}

/** Whether a file is a test or its helper, and not part of what is shipped. */
export const isTest = (path: string): boolean => /(^|\/)test\/|\.test\.ts$|_test\.cc$/.test(path);

/** Prints a finding and returns the exit code: 1 for problems under `--assert`. */
export function report(guard: Guard, words: readonly string[]): number {
  const { text, problems } = guard.check(words.filter((word) => !word.startsWith('--')));
  const shown = problems.map((problem) => `  ! ${problem}`);
  console.log([`${guard.name}: ${text}`, ...shown].join('\n'));
  return problems.length > 0 && words.includes('--assert') ? 1 : 0;
}

/** Runs the guard when its own file is the program: `tsx scripts/size.ts --assert`. */
export function main(moduleUrl: string, guard: Guard): void {
  const program = process.argv[1] ?? '';
  const isProgram = pathToFileURL(program).href === moduleUrl || basename(program, '.ts') === basename(new URL(moduleUrl).pathname, '.ts');
  if (isProgram) process.exitCode = report(guard, process.argv.slice(2));
}
