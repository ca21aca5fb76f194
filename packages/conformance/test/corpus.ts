/** Runs the package's own corpora with the built command line, as users do, and keeps the lists of what is expected to fail. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kindOf, type Report } from '../src/report.js';

export const folder = fileURLToPath(new URL('..', import.meta.url));
export const data = join(folder, 'data');

/** Corpora by name, with the flag that runs them. */
export const corpora = {
  opset: ['--corpus', join(data, 'opset')],
  'onnx-node': ['--onnx-node', join(data, 'onnx-node.zip')],
  contrib: ['--onnx-node', join(data, 'contrib.zip')],
  ml: ['--onnx-node', join(data, 'ml.zip')],
  patterns: ['--onnx-node', join(data, 'patterns.zip')],
} as const;
export type Corpus = keyof typeof corpora;
export const devices = ['CPU', 'REFERENCE'] as const;
export type Device = (typeof devices)[number];

/** What a checked-in list holds: cases that fail, each with the kind of failure. */
export interface Expectations {
  readonly device: string;
  readonly cases: number;
  readonly failures: Readonly<Record<string, string>>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `cuvee-conformance` with these flags. */
export function conformance(flags: readonly string[], cwd = folder, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(folder, 'dist', 'cli.js'), ...flags], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part: Buffer) => void (stdout += part.toString()));
    child.stderr.on('data', (part: Buffer) => void (stderr += part.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** All results of a corpus on a device. */
export const runCorpus = (device: Device, corpus: Corpus, env: NodeJS.ProcessEnv = {}): Promise<Report> =>
  reportOf(['--device', device, ...corpora[corpus], '--timeout', '60'], env);

/** The report of a run with these flags. */
export async function reportOf(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Report> {
  const temporary = mkdtempSync(join(tmpdir(), 'cuvee-conformance-'));
  try {
    const file = join(temporary, 'report.json');
    const { code, stderr } = await conformance([...flags, '--json', file], folder, env);
    if (code !== 0 && code !== 1) throw new Error(`cuvee-conformance ended with ${code}: ${stderr}`);
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

export const expectationsOf = ({ device, cases }: Report): Expectations => ({
  device,
  cases: Object.keys(cases).length,
  failures: Object.fromEntries(
    Object.entries(cases)
      .flatMap(([id, c]) => (c.status === 'pass' ? [] : [[id, c.status === 'skip' ? 'skip' : kindOf(c)]]))
      .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1)),
  ),
});

const listFile = (device: Device, corpus: Corpus): string => join(folder, 'expected', `${device.toLowerCase()}-${corpus}.json`);
export const readExpectations = (device: Device, corpus: Corpus): Expectations =>
  JSON.parse(readFileSync(listFile(device, corpus), 'utf8')) as Expectations;
export const writeExpectations = (device: Device, corpus: Corpus, list: Expectations): void =>
  writeFileSync(listFile(device, corpus), `${JSON.stringify(list, null, 1)}\n`);
