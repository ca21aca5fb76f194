/**
 * @file Guard: how many files have to know one operation. `tsx scripts/scatter.ts Softmax [--assert]` lists every shipped source
 * file that names it. Allowed: its room (a file or folder in core/src/ops) with its cases, generated tables, one file in each
 * frontend, and one TypeScript file with one kernel family in each device. Calling its builder (`g.softmax(…)`) is use, not
 * knowledge: that is counted apart. Without an operation every room is judged, and how long rooms and the frontends' functions are.
 */
import {
  cpp,
  type Finding,
  type Guard,
  isGenerated,
  isTest,
  main,
  type Source,
  sources,
  typescript,
  withoutComments,
} from './lib/guard.js';

/** Nodes that the graph itself is made of: everything may know them. */
const skeleton = new Set(['Parameter', 'Constant', 'Result']);

/** Files that may name an operation besides, each for its reason. */
const reviewed: Readonly<Record<string, readonly string[]>> = {
  // A file's text: constants that are written as f16 are two layers there, Const and Convert.
  Convert: ['packages/core/src/ir-xml/write.ts'],
};

/** Lines: of a median room, of a median function that a frontend exports, and of any such function. */
const limits = { room: 120, function: 5, longest: 15 };

const camel = (op: string): string => op.replace(/^[A-Z]+(?=[A-Z][a-z]|$)|^[A-Z]/, (start) => start.toLowerCase());

/** The room's path without its ending: the file of core/src/ops that exports the operation. */
function roomOf(op: string): string | undefined {
  const exported = new RegExp(`export const ${op}(: Op)? = `);
  return shipped()
    .find(({ path, text }) => path.startsWith('packages/core/src/ops/') && exported.test(text))
    ?.path.replace(/\.ts$/, '');
}

/** Where a file stands with respect to an operation: in its room, in a frontend, in a device, or anywhere else. */
function placeOf(path: string, room: string | undefined): string {
  if (room && (path === `${room}.ts` || path === `${room}.cases.ts` || path.startsWith(`${room}/`))) return 'room';
  const [, name] = /^packages\/([^/]+)\//.exec(path) ?? [];
  const family = /^packages\/[^/]+\/native\/kernels\/([^/]+)\//.exec(path)?.[1];
  if (family) return `${name} kernel family ${family}`;
  // Operators of one name in two domains are two operators.
  if (name?.startsWith('frontend-'))
    return `${name} ${path.includes('/ops/microsoft') ? 'operators of com.microsoft' : 'source operations'}`;
  if (name?.startsWith('plugin-')) return `${name} compiler`;
  return 'elsewhere';
}

let shippedSources: Source[] | undefined;
const shipped = (): Source[] =>
  (shippedSources ??= sources(['packages'], [...typescript, ...cpp])
    .filter(({ path, text }) => !isTest(path) && !isGenerated({ path, text }))
    .map(({ path, text }) => ({ path, text: withoutComments(text) })));

/** A barrel only re-exports: it knows file names, and is written by hand or by script alike. */
const isBarrel = (text: string): boolean =>
  text.split('\n').every((line) => /^\s*$|^\s*export .* from '[^']+';$|^\s*import .* from '[^']+';$/.test(line));

/** Whether a file means something else by the word: a type or class of its own, or one imported from where no rooms are. */
function isHomonym(text: string, op: string): boolean {
  if (new RegExp(`\\b(interface|type|class|enum) ${op}\\b`).test(text)) return true;
  const imported = new RegExp(`import (?:type )?\\{[^}]*\\b${op}\\b[^}]*\\} from '([^']+)'`).exec(text)?.[1];
  return imported !== undefined && !/(^|\/)(ops|rooms|opset)\b/.test(imported);
}

interface Scatter {
  places: Map<string, string[]>;
  uses: string[];
  extra: string[];
}

function scatterOf(op: string): Scatter {
  const named = new RegExp(`(?<![\\w.])${op}(?!\\w)`);
  const quoted = new RegExp(`['"\`]${op}['"\`]`);
  const built = new RegExp(`(?<!\\w)${camel(op)}\\(`);
  const room = roomOf(op);
  const places = new Map<string, string[]>();
  const uses: string[] = [];
  for (const { path, text } of shipped()) {
    const names = /\.(cc|cpp|h|hpp|inc)$/.test(path) || isHomonym(text, op) ? quoted.test(text) : named.test(text) && !isBarrel(text);
    if (names) {
      const place = placeOf(path, room);
      places.set(place, [...(places.get(place) ?? []), path]);
    } else if (built.test(text)) uses.push(path);
  }
  const extra = [...places].flatMap(([place, paths]) => {
    if (place === 'room' || place.includes('kernel family')) return [];
    return (place === 'elsewhere' ? paths : paths.slice(1)).filter((path) => !reviewed[op]?.includes(path));
  });
  return { places, uses, extra };
}

const roomsOf = (): string[] =>
  shipped().flatMap(({ path, text }) =>
    path.startsWith('packages/core/src/ops/')
      ? [...text.matchAll(/export const ([A-Z]\w*) = (?:op|unary|binary|comparison|reduction|logical|\w+[oO]p)\b/g)].map(([, op]) => op!)
      : [],
  );

function checkOne(op: string): Finding {
  const { places, uses, extra } = scatterOf(op);
  const lines = [...places].map(([place, paths]) => `  ${place}: ${paths.join(', ')}`);
  const problems = extra.map((path) => `${path} names ${op} beyond one room, one place in each frontend and one file in each device`);
  if (shipped().length > 0 && !places.has('room') && roomsOf().length > 0)
    problems.push(`no file of packages/core/src/ops exports a room ${op}`);
  const count = [...places.values()].flat().length;
  return { text: `${op} is named in ${count} files, ${uses.length} more call its builder\n${lines.join('\n')}`, problems };
}

function check(words: readonly string[]): Finding {
  if (words.length > 0) {
    const findings = words.map(checkOne);
    return { text: findings.map(({ text }) => text).join('\n'), problems: findings.flatMap(({ problems }) => problems) };
  }
  const problems = roomsOf()
    .filter((op) => !skeleton.has(op))
    .flatMap((op) => checkOne(op).problems);
  const rooms = median(roomsOf().map((op) => linesOf(`${roomOf(op)}.ts`)));
  const functions = shipped()
    .filter(({ path }) => /^packages\/frontend-[^/]+\/src\/ops\//.test(path))
    .flatMap(exportedFunctions);
  const usual = median(functions.map(({ lines }) => lines));
  if (rooms > limits.room) problems.push(`half of the rooms are longer than ${limits.room} lines`);
  if (usual > limits.function) problems.push(`half of the frontends' functions are longer than ${limits.function} lines`);
  problems.push(
    ...functions
      .filter(({ lines }) => lines > limits.longest)
      .map(({ path, name, lines }) => `${path}: the function ${name} has ${lines} lines, at most ${limits.longest} are allowed`),
  );
  const longest = Math.max(0, ...functions.map(({ lines }) => lines));
  const text = `${roomsOf().length} rooms, half of them at most ${rooms} lines long; ${functions.length} functions of frontends, half of them at most ${usual}, none longer than ${longest}`;
  return { text, problems };
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
const linesOf = (path: string): number =>
  shipped()
    .find((file) => file.path === path)
    ?.text.trimEnd()
    .split('\n').length ?? 0;

interface ExportedFunction {
  path: string;
  name: string;
  lines: number;
}

/** Each function that a file exports for an operator, up to the line that ends the statement. */
export const exportedFunctions = ({ path, text }: Source): ExportedFunction[] =>
  [...text.matchAll(/^export (?:const|function\*?) ([A-Z]\w*)[\s\S]*?(?:;|^\})$(?!\n(?: +\S|[})\]]))/gm)].map(([whole, name]) => ({
    path,
    name: name!,
    lines: whole.split('\n').length,
  }));

export const scatter: Guard = { name: 'scatter', check };
main(import.meta.url, scatter);
