/** @file The command `npm start`: reads pictures, prints their lines, writes annotated pictures. */
import { basename, extname, join, relative, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { HELP, parseRequest, UsageError } from './arguments.js';
import { annotate } from './draw.js';
import { decodePicture, writeAnnotated } from './image.js';
import { openEngine } from './cuvee-engine.js';
import { loadAlphabet } from './models.js';
import { readText } from './read.js';
import { Typeface } from './typeface.js';
import type { Request } from './arguments.js';
import type { CuveeEngine } from './cuvee-engine.js';
import type { Picture } from './picture.js';
import type { ReadResult } from './read.js';

/** What is read when no picture is named. */
const SAMPLE = fileURLToPath(new URL('../images/poster-zh-en.png', import.meta.url));

/** Where the user stood when typing the command: `npm start` itself moves to the project. */
const HERE = process.env['npm_lifecycle_event'] === 'start' ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd();

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function milliseconds(value: number): number {
  return Math.round(value * 10) / 10;
}

/** One picture that was read. */
interface Job {
  /** As the user named it. */
  readonly file: string;
  readonly picture: Picture;
  readonly result: ReadResult;
  /** Milliseconds of each stage and of all. */
  readonly timings: Record<string, number>;
}

async function read(file: string, engine: CuveeEngine, alphabet: readonly string[]): Promise<Job> {
  const start = performance.now();
  const picture = await decodePicture(resolve(HERE, file));
  const decode = performance.now() - start;
  const result = await readText(picture, engine, alphabet);
  const stages = { decode, ...result.times, total: performance.now() - start };
  const timings = Object.fromEntries(Object.entries(stages).map(([stage, ms]) => [stage, milliseconds(ms)]));
  return { file, picture, result, timings };
}

/** The annotated picture's file: with several pictures, the name of each is added to the one asked for. */
function target(out: string, file: string, several: boolean): string {
  const base = resolve(HERE, out);
  return several ? join(base, '..', `${basename(base, extname(base))}-${basename(file, extname(file))}.png`) : base;
}

function summary({ timings: t }: Job): string {
  const rest = `boxes ${t['boxes']} ms, classify ${t['classify']} ms`;
  return `decode ${t['decode']} ms · detect ${t['detect']} ms · recognise ${t['recognise']} ms (${rest}) · total ${t['total']} ms`;
}

function print(job: Job, engine: CuveeEngine, written: string): void {
  const { picture, result } = job;
  console.log(`${job.file}: ${picture.width} × ${picture.height} pixels, ${result.lines.length} lines`);
  result.lines.forEach(({ text, confidence, turned }, i) => {
    const percent = `${(confidence * 100).toFixed(1)} %`.padStart(7);
    console.log(`${String(i + 1).padStart(4)}  ${percent}  ${text}${turned ? '  (stood on its head)' : ''}`);
  });
  console.log(summary(job));
  console.log(
    Object.entries(engine.devices)
      .map(([network, on]) => `${network} on ${on.join(', ')}`)
      .join(' · '),
  );
  console.log(`annotated: ${relative(HERE, written)}`);
}

/** One picture in the JSON document. */
function record({ file, result, timings }: Job, device: string, engine: CuveeEngine): object {
  const lines = result.lines.map(({ text, confidence, box, detection, turned }) => ({ text, score: confidence, box, detection, turned }));
  return { file, device, executionDevices: engine.devices, timings, lines };
}

async function work(request: Request): Promise<number> {
  const images = request.images.length > 0 ? request.images : [relative(HERE, SAMPLE)];
  const start = performance.now();
  const engine = await openEngine({
    device: request.device,
    config: request.config,
    onReference: request.onReference,
    progress: (network) => say(`cuvee: compiling ${network} for ${request.device}`),
  });
  const loadMs = milliseconds(performance.now() - start);
  say(`cuvee: three networks ready after ${loadMs} ms`);
  const alphabet = loadAlphabet();
  const face = new Typeface();
  const records: object[] = [];
  let failures = 0;
  for (const file of images) {
    try {
      if (images.length > 1) say(`cuvee: reading ${file}`);
      const job = await read(file, engine, alphabet);
      const written = target(request.out, file, images.length > 1);
      const on = [...new Set(Object.values(engine.devices).flat())].join(', ');
      const caption = `${job.result.lines.length} lines · ${on} · detect ${Math.round(job.timings['detect']!)} ms · recognise ${Math.round(job.timings['recognise']!)} ms`;
      await writeAnnotated(written, job.picture, await annotate(job.picture, job.result.lines, caption, face));
      if (request.json) records.push(record(job, request.device, engine));
      else print(job, engine, written);
    } catch (error) {
      failures++;
      say(`cuvee: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (request.json) console.log(JSON.stringify({ loadMs, images: records }));
  return failures > 0 ? 1 : 0;
}

try {
  const request = parseRequest(process.argv.slice(2));
  if (request.help) process.stdout.write(HELP);
  else process.exitCode = await work(request);
} catch (error) {
  say(`cuvee: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof UsageError) say('Type npm start -- --help for the options.');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
