/**
 * Output shapes of dynamic and random models, ours beside real OpenVINO's: ours must be equal or tighter.
 *
 *   npx tsx scripts/shape-peers/run.ts --python PYTHON [--count 2000] [--seed 1] [--corpus DIR] [--json FILE] [--show N]
 *
 * PYTHON has the package openvino. Models: the dynamic ones of the operation corpus, and `--count` random ones, half single operations,
 * half chains. Where OpenVINO claims too much (`faults.ts`) is counted apart; any other looser or contradicting shape makes the exit
 * code 1.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Core, CuveeError, PartialShape, saveModelSync, type Model } from '@cuvee/core';
import { corpusCases } from '../../packages/conformance/src/corpora.js';
import { caseFiles } from '../../packages/conformance/src/source.js';
import { faultOf } from './faults.js';
import { chain, operation, shapesOf } from './random.js';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: process.env.CUVEE_PEER_PYTHON ?? 'python3' },
    count: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    corpus: { type: 'string', default: fileURLToPath(new URL('../../packages/conformance/data/opset', import.meta.url)) },
    json: { type: 'string' },
    show: { type: 'string', default: '20' },
  },
});

interface Item {
  readonly id: string;
  readonly path: string;
  /** Our shapes, or why we refuse the model. */
  readonly ours: readonly PartialShape[] | string;
  /** A known fault of OpenVINO that this model meets. */
  readonly fault: string | undefined;
}

const folder = mkdtempSync(join(tmpdir(), 'shape-peers-'));
const core = new Core({ plugins: [] });
const message = (error: unknown): string => (error instanceof CuveeError ? error.message : String(error));

function ours(make: () => Model): Pick<Item, 'ours' | 'fault'> {
  try {
    const model = make();
    return { ours: shapesOf(model), fault: faultOf(model) };
  } catch (error) {
    return { ours: message(error), fault: undefined };
  }
}

function fromCorpus(): Item[] {
  const items: Item[] = [];
  for (const one of corpusCases(options.corpus)) {
    const files = caseFiles(one.source, one.path);
    const xml = files.read('model.xml');
    const home = join(folder, one.path.replaceAll('/', '_'));
    const path = join(home, 'model.xml');
    mkdirSync(home);
    writeFileSync(path, xml);
    if (files.names.includes('model.bin')) writeFileSync(join(home, 'model.bin'), files.read('model.bin'));
    if (dynamicInput(path)) items.push({ id: one.id, path, ...ours(() => core.readModelSync(path)) });
  }
  return items;
}

function dynamicInput(path: string): boolean {
  const shapes = readFileSync(path, 'utf8').matchAll(/type="Parameter"[^]*?shape="([^"]*)"/g);
  return [...shapes].some(([, shape = '']) => new PartialShape(shape).isDynamic());
}

function random(count: number, seed: number): Item[] {
  const items: Item[] = [];
  for (let i = 0; i < count; i++) {
    const make = (): Model => (i % 2 === 0 ? operation : chain)(seed * 1_000_003 + i);
    let model: Model;
    try {
      model = make();
    } catch {
      continue; // a random model that neither runtime would accept
    }
    const path = join(folder, `random_${i}.xml`);
    saveModelSync(model, path, false);
    items.push({ id: `random/${seed}/${i} ${model.name}`, path, ...ours(() => model) });
  }
  return items;
}

type Answer = { readonly outputs: readonly string[] } | { readonly error: string };

async function peers(items: readonly Item[]): Promise<Answer[]> {
  const child = spawn(options.python, [fileURLToPath(new URL('peer.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(items.map((i) => `${i.path}\n`).join(''));
  const answers: Answer[] = [];
  for await (const line of createInterface(child.stdout)) answers.push(JSON.parse(line) as Answer);
  if (child.exitCode === null) await once(child, 'exit');
  return answers;
}

type Verdict = 'equal' | 'tighter' | 'looser' | 'contradicting' | 'refused by OpenVINO' | 'refused by us' | 'refused by both';

function compare(item: Item, answer: Answer): { readonly verdict: Verdict; readonly text: string } {
  const mine = typeof item.ours === 'string' ? item.ours : item.ours.join(' ');
  if ('error' in answer)
    return {
      verdict: typeof item.ours === 'string' ? 'refused by both' : 'refused by OpenVINO',
      text: `ours ${mine}; OpenVINO: ${answer.error}`,
    };
  const text = `ours ${mine}; OpenVINO ${answer.outputs.join(' ')}`;
  if (typeof item.ours === 'string') return { verdict: 'refused by us', text };
  const theirs = answer.outputs.map((s) => open(new PartialShape(s)));
  if (theirs.length !== item.ours.length) return { verdict: 'contradicting', text };
  if (item.ours.every((s, i) => s.equals(theirs[i] as PartialShape))) return { verdict: 'equal', text };
  if (item.ours.every((s, i) => s.refines(theirs[i] as PartialShape))) return { verdict: 'tighter', text };
  const apart = item.ours.some((s, i) => disjoint(s, theirs[i] as PartialShape));
  return { verdict: apart ? 'contradicting' : 'looser', text };
}

/** OpenVINO keeps parts of INT32_MAX and INT64_MAX as upper bounds; no tensor is that long. */
const open = (s: PartialShape): PartialShape => PartialShape.from(s.dimensions?.map(([lo, hi]) => [lo, hi >= 2 ** 31 - 2 ? Infinity : hi]));

const disjoint = (a: PartialShape, b: PartialShape): boolean =>
  a.dimensions !== undefined &&
  b.dimensions !== undefined &&
  (a.dimensions.length !== b.dimensions.length ||
    a.dimensions.some(([lo, hi], i) => lo > (b.dimensions?.[i]?.[1] ?? Infinity) || hi < (b.dimensions?.[i]?.[0] ?? 0)));

const items = [...fromCorpus(), ...random(Number(options.count), Number(options.seed))];
process.stderr.write(`comparing ${items.length} models\n`);
const answers = await peers(items);
const results = items.map((item, i) => ({ id: item.id, fault: item.fault, ...compare(item, answers[i] as Answer) }));
rmSync(folder, { recursive: true });

const count = (verdict: Verdict): number => results.filter((r) => r.verdict === verdict).length;
const bad = results.filter((r) => ['looser', 'contradicting', 'refused by us'].includes(r.verdict));
const others = bad.filter((r) => r.verdict === 'refused by us' || r.fault === undefined);
for (const verdict of ['equal', 'tighter', 'looser', 'contradicting', 'refused by us', 'refused by OpenVINO', 'refused by both'] as const)
  console.log(`${verdict.padEnd(22)}${String(count(verdict)).padStart(6)}`);
for (const { id, verdict, text } of others.slice(0, Number(options.show))) console.log(`\n${id}: ${verdict}\n  ${text}`);
console.log(`\n${bad.length - others.length} known faults of OpenVINO, ${others.length} others`);
if (options.json) writeFileSync(options.json, `${JSON.stringify(results, undefined, 1)}\n`);
process.exitCode = others.length > 0 ? 1 : 0;
