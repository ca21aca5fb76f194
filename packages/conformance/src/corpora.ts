/** @file The three corpora: which cases there are, and their data. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Literal, storageOver, type ElementType } from '@cuvee/core';
import type { CaseRef, DataSet, Expected, LoadedCase, Tolerance } from './case.js';
import { loadNode } from './onnx-node.js';
import { caseFiles, readRaw, zipNames, type CaseFiles } from './source.js';

/** An operation corpus: a folder of zips, or unpacked. */
export function corpusCases(folder: string): CaseRef[] {
  const cases: CaseRef[] = [];
  const add = (source: string, path: string): void =>
    void cases.push({ id: path, kind: 'corpus', source, path, op: path.split('/')[0] ?? '' });
  for (const name of readdirSync(folder).sort()) {
    const full = join(folder, name);
    if (name.endsWith('.zip')) for (const file of zipNames(full)) if (file.endsWith('/case.json')) add(full, dirname(file));
    if (statSync(full).isDirectory())
      for (const file of readdirSync(full, { recursive: true }))
        if (String(file).endsWith('case.json')) add(folder, join(name, dirname(String(file))));
  }
  return cases;
}

/** ONNX backend node tests: a zip or a folder of `<name>/model.onnx`. */
export function onnxNodeCases(path: string): CaseRef[] {
  const names = statSync(path).isDirectory()
    ? readdirSync(path).filter((n) => existsSync(join(path, n, 'model.onnx')))
    : zipNames(path)
        .filter((n) => n.endsWith('/model.onnx'))
        .map((n) => dirname(n));
  return names.sort().map((name) => ({ id: name, kind: 'onnx-node', source: path, path: name, op: '' }));
}

/** Model cases: every `case.json` below a folder. */
export function modelCases(folder: string): CaseRef[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('case.json'))
    .sort()
    .map((file): CaseRef => {
      const path = dirname(file);
      const models = modelsOf(JSON.parse(readFileSync(join(folder, file), 'utf8')) as ModelCase);
      const files = models.map((m) => resolve(folder, path, m));
      const known = files.filter((f) => /\.(onnx|xml)$/i.test(f));
      const skip = known.length === 0 ? 'no frontend for this format' : known.every((f) => !existsSync(f)) ? 'file absent' : undefined;
      return { id: path, kind: 'models', source: folder, path, op: '', ...(skip && { skip }) };
    });
}

export function load(ref: CaseRef, tolerance: { readonly rtol: number; readonly atol: number }): LoadedCase {
  if (ref.kind === 'corpus') return loadCorpus(caseFiles(ref.source, ref.path));
  if (ref.kind === 'onnx-node') return loadNode(caseFiles(ref.source, ref.path), tolerance);
  return loadModel(ref);
}

interface Port {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
  readonly scale?: number;
  readonly name?: string;
  readonly atol?: number;
  readonly tolerance?: Partial<Tolerance>;
}

const names: Readonly<Record<string, ElementType>> = { bool: 'boolean' };

function literal(port: Port, bytes: Uint8Array): Literal {
  const type = names[port.dtype] ?? (port.dtype as ElementType);
  if (type === 'string') return Literal.of(type, port.shape, JSON.parse(new TextDecoder().decode(bytes)) as string[]);
  return Literal.of(type, port.shape, storageOver(type, bytes));
}

function loadCorpus(files: CaseFiles): LoadedCase {
  const info = JSON.parse(new TextDecoder().decode(files.read('case.json'))) as {
    tolerance: Tolerance;
    stateful: boolean;
    sets: { inputs: Port[]; outputs: Port[] }[];
  };
  return {
    models: [{ label: 'model.xml', model: files.read('model.xml'), weights: files.read('model.bin') }],
    stateful: info.stateful,
    sets: info.sets.map(
      (set): DataSet => ({
        inputs: set.inputs.map((port) => ({ value: literal(port, files.read(port.file)) })),
        outputs: set.outputs.map(
          (port): Expected => ({
            value: literal(port, files.read(port.file)),
            tolerance: { ...info.tolerance, ...port.tolerance },
            scale: port.scale ?? 1,
          }),
        ),
      }),
    ),
  };
}

interface ModelCase {
  readonly model?: string;
  readonly models?: readonly string[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly rtol?: number;
  readonly atol?: number;
  readonly meanAbs?: number;
}
const modelsOf = (info: ModelCase): readonly string[] => info.models ?? (info.model === undefined ? [] : [info.model]);

function loadModel(ref: CaseRef): LoadedCase {
  const folder = join(ref.source, ref.path);
  const info = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as ModelCase;
  const at = (port: Port): Literal => literal(port, readRaw(join(folder, port.file)));
  const { rtol = 1e-3, atol = 1e-4, meanAbs } = info;
  const models = modelsOf(info).filter((m) => /\.(onnx|xml)$/i.test(m));
  return {
    models: models.map((m) => ({ label: relative(ref.source, resolve(folder, m)), model: resolve(folder, m) })),
    stateful: false,
    sets: [
      {
        inputs: info.inputs.map((port) => ({ ...(port.name !== undefined && { name: port.name }), value: at(port) })),
        outputs: info.outputs.map(
          (port): Expected => ({
            ...(port.name !== undefined && { name: port.name }),
            value: at(port),
            scale: 1,
            ...(meanAbs !== undefined && { meanAbs }),
            tolerance: { kind: 'close', rtol, atol: port.atol ?? atol },
          }),
        ),
      },
    ],
  };
}
