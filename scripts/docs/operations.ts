/** @file Pages of operations, from the rooms: documentation, ports, attributes, versions, an example, and which device runs what. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Core, decompose, rooms, type DevicePlugin, type Literal, type Op, type Port } from '@cuvee/core';
import { supportedOps } from '@cuvee/frontend-onnx';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { Random, type Case, type Cases } from '../../packages/core/src/ops/cases.js';
import { modelOf } from '../../packages/core/test/ops/run.js';
import { root } from '../lib/workspace.mjs';

const folder = join(root, 'packages', 'core', 'src', 'ops');
/** Generated cases that are asked about for each operation, beside the named ones. */
const seeds = [1, 2, 3];

/** Text in markdown that holds neither tags nor Vue's braces. */
export const plain = (text: string): string =>
  text
    .replace(/[<>|]/g, (c) => `&#${c.charCodeAt(0)};`)
    .replaceAll('{{', '&#123;&#123;')
    .replaceAll('}}', '&#125;&#125;');

const inCode = (text: string): string => `<code v-pre>${text.replace(/[<>&|]/g, (c) => `&#${c.charCodeAt(0)};`)}</code>`;

/** Rows under a head; cells are markdown. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** Operation → the doc comment above it. */
function comments(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.cases.ts'))) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, comment, name] of text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const (\w+)\b/g))
      found.set(
        name!,
        comment!
          .split('\n')
          .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
          .join('\n')
          .trim(),
      );
  }
  return found;
}

/** What one device says to all cases of one operation. */
export interface Verdict {
  readonly asked: number;
  readonly refused: number;
  /** Why, each reason once. */
  readonly reasons: readonly string[];
}

/** Everything that is told about one operation. */
export interface Operation {
  readonly room: Op;
  readonly comment: string;
  readonly cases: readonly Case[];
  readonly named: readonly Case[];
  readonly becomes: readonly string[];
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

async function verdict(core: Core, device: string, room: Op, cases: readonly Case[]): Promise<Verdict> {
  const reasons = new Set<string>();
  let refused = 0;
  for (const one of cases) {
    const support = await core.explainSupport(modelOf(room, one, 'static').model, device);
    const no = [...support.values()].filter((answer): answer is string => answer !== true);
    if (no.length > 0) refused++;
    for (const why of no) reasons.add(why);
  }
  return { asked: cases.length, refused, reasons: [...reasons] };
}

/** The operations that a case becomes on a device that keeps nothing whole. */
function parts(room: Op, one: Case): string[] {
  const { model } = modelOf(room, one, 'static');
  decompose(model, () => false);
  const usual = new Set(['Parameter', 'Constant', 'Result']);
  return [...new Set(model.nodes().map((node) => node.op.name))].filter((name) => !usual.has(name)).sort();
}

/** All operations in alphabetical order, and the devices asked about them; a device that is absent here is left out. */
export async function operations(): Promise<{ all: readonly Operation[]; devices: readonly string[] }> {
  const plugins: DevicePlugin[] = [cpu(), reference()];
  const core = new Core({ plugins, frontends: [] });
  const devices = (await core.devices()).filter((d) => !d.absent).map((d) => d.name);
  const said = comments();
  const loaded = await Promise.all(
    readdirSync(folder)
      .filter((name) => name.endsWith('.cases.ts'))
      .map(async (name) => ((await import(join(folder, name))) as { default: Cases }).default),
  );
  const casesOf = new Map(loaded.map((c) => [c.op, c]));
  const all: Operation[] = [];
  for (const room of [...rooms.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const own = casesOf.get(room.name);
    const { generate } = own ?? {};
    const cases = own ? [...own.named, ...(generate ? seeds.map((seed) => generate(new Random(seed))) : [])] : [];
    const verdicts = new Map<string, Verdict>();
    for (const device of devices) verdicts.set(device, await verdict(core, device, room, cases));
    const becomes = cases[0] && room.decompose ? parts(room, cases[0]) : [];
    all.push({
      room,
      comment: said.get(room.name) ?? '',
      cases,
      named: own?.named ?? [],
      becomes: becomes.filter((n) => n !== room.name),
      verdicts,
    });
  }
  return { all, devices };
}

/** ✓, partly, or –, in a word that a screen reader can say. */
export function mark({ asked, refused }: Verdict): string {
  if (asked === 0) return '<span title="no cases" class="support none">·</span>';
  if (refused === 0) return '<span title="supported" class="support all">✓</span>';
  return refused < asked
    ? '<span title="supported in part" class="support some">part</span>'
    : '<span title="not supported" class="support none">–</span>';
}

const portRow = ({ name, types, arity }: Port): string[] => [
  inCode(name),
  plain(types.name),
  { one: '', optional: 'optional', many: 'any number' }[arity],
];

function literal(value: Literal | undefined): string | undefined {
  if (!value) return 'nothing';
  if (value.size > 12) return undefined;
  const elements = Array.from(value.nd().data as ArrayLike<unknown>, (v) =>
    typeof v === 'number' ? String(Number(v.toPrecision(6))) : String(v),
  );
  return `${value.type} [${value.shape.join(', ')}]: ${elements.join(', ')}`;
}

/** The first named case that is small enough to read. */
function example({ named, room }: Operation): string {
  for (const one of named) {
    if (!one.outputs) continue;
    const inputs = one.inputs.map(literal);
    const outputs = one.outputs.map(literal);
    if ([...inputs, ...outputs].some((text) => text === undefined)) continue;
    const given = Object.entries(one.attributes ?? {});
    if (given.some(([, value]) => typeof value === 'object' && !(Array.isArray(value) && value.every((v) => typeof v !== 'object'))))
      continue;
    const attributes = given.map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    const rows = [
      ...inputs.map((text, i) => `${(room.inputs[Math.min(i, room.inputs.length - 1)]?.name ?? '').padEnd(12)} ${text}`),
      ...attributes,
      '→',
      ...outputs.map((text, i) => `${(room.outputs[Math.min(i, room.outputs.length - 1)]?.name ?? '').padEnd(12)} ${text}`),
    ];
    return `## Example\n\n${plain(one.name ?? '')}\n\n\`\`\`text\n${rows.join('\n')}\n\`\`\`\n`;
  }
  return '';
}

const method = (name: string): string => name.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+$|^[A-Z]/, (start) => start.toLowerCase());

/** The page of one operation. */
export function page(operation: Operation, known: ReadonlySet<string>): string {
  const { room, comment, becomes, verdicts } = operation;
  const attributes = Object.entries(room.schema).map(([name, spec]) => [
    inCode(name),
    plain(spec.words ? spec.words.map((w) => `"${w}"`).join(', ') : spec.kind),
    spec.required ? 'required' : spec.default === undefined ? '' : inCode(JSON.stringify(spec.default) ?? ''),
  ]);
  const { traits } = room;
  const facts = [
    traits.elementwise ? 'Works element by element, with broadcasting.' : '',
    traits.moves ? 'Only moves elements.' : '',
    traits.impure ? 'Is no function of its inputs alone: never folded.' : '',
    traits.control ? 'Holds models of its own.' : '',
  ].filter(Boolean);
  const link = (name: string): string => (known.has(name) ? `[${name}](./${name}.md)` : name);
  const support = [...verdicts].map(([device, v]) => [
    device,
    mark(v),
    v.refused === 0 ? `all ${v.asked} cases` : `${v.asked - v.refused} of ${v.asked} cases; ${plain(v.reasons.slice(0, 3).join('; '))}`,
  ]);
  return [
    `---\neditLink: false\n---\n\n# ${room.name}`,
    plain(comment),
    facts.join(' '),
    `Builder: ${inCode(`g.${method(room.name)}(…)`)}. In IR files: ${inCode(room.xmlName)}, ${room.versions.map((v) => `opset${v.opset}`).join(', ')}.`,
    room.inputs.length > 0 ? `## Inputs\n\n${table(['name', 'type', ''], room.inputs.map(portRow))}` : '',
    room.outputs.length > 0 ? `## Outputs\n\n${table(['name', 'type', ''], room.outputs.map(portRow))}` : '',
    attributes.length > 0 ? `## Attributes\n\n${table(['name', 'kind', 'default'], attributes)}` : '',
    example(operation),
    support.length > 0 ? `## Devices\n\n${table(['device', '', 'cases'], support)}` : '',
    becomes.length > 0 ? `## In simpler operations\n\nA device that does not keep it whole gets ${becomes.map(link).join(', ')}.` : '',
  ]
    .filter(Boolean)
    .join('\n\n')
    .concat('\n');
}

/** The support matrix. */
export function index(all: readonly Operation[], devices: readonly string[]): string {
  const rows = all.map((o) => [
    `[${o.room.name}](./${o.room.name}.md)`,
    plain((/^[^.\n]*(?:\.(?!\s)[^.\n]*)*/.exec(o.comment)?.[0] ?? '').slice(0, 90)),
    ...devices.map((d) => mark(o.verdicts.get(d) as Verdict)),
  ]);
  const counts = devices.map((d) => `${d} runs all cases of ${all.filter((o) => o.verdicts.get(d)?.refused === 0).length}`);
  return `---
editLink: false
aside: false
---

# Operations

${all.length} operations, each in one file that says what it means. ${counts.join(', ')}. The marks are what each device answers to
\`core.explainSupport\` for the operation's own cases, asked when this page was built: ✓ all, *part* some, – none.

${table(['operation', '', ...devices], rows)}
`;
}

/** The page of ONNX's operators. */
export function onnx(): string {
  const domains = Object.entries(supportedOps()).map(([domain, names]) => {
    const title = domain === '' || domain === 'ai.onnx' ? 'ai.onnx' : domain;
    return `## ${plain(title)}\n\n${names.length} operators: ${names.map(inCode).join(', ')}.`;
  });
  return `---
editLink: false
---

# ONNX operators

What \`@cuvee/frontend-onnx\` reads, every version of each. A model with others is refused when it is read, with the names of all that
are not known and how often each occurs. They become the [operations](./index.md) of Cuvée's own graph.

${domains.join('\n\n')}
`;
}
