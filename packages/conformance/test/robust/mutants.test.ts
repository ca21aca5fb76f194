import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { corpusCases } from '../../src/corpora.js';
import { runMutants, type Finding } from './mutants.js';

const network = (path: string): string => fileURLToPath(new URL(`../../data/${path}`, import.meta.url));
const files = [network('models/onnx-light/squeezenet.onnx'), network('ocr/models/ch_ppocr_mobile_v2.0_cls_infer.onnx')];
/** CUVEE_MUTANTS: how many of each kind; 1,000 take about two minutes. */
const count = Number(process.env['CUVEE_MUTANTS'] ?? 120);

const devices = ['CPU', 'REFERENCE', 'AUTO', 'HETERO:CPU,REFERENCE'];

const complaints = (findings: readonly Finding[]): string[] =>
  findings
    .filter((f) => f.bad)
    .map(
      ({ seed, folder, device, what, outcome, message, peakBytes }) =>
        `seed ${seed} ${folder ?? ''} ${device ?? ''} (${what}): ${outcome}, ${Math.round(peakBytes / 1e6)} MB, ${message}`,
    );

it(`${count} networks with one to three semantic mutations run on CPU, or are refused with a reason`, {
  timeout: 60_000 + count * 1000,
}, async () => {
  const findings = await runMutants(Array.from({ length: count }, (_, seed) => ({ file: files[seed % 2] as string, seed })));
  expect(findings).toHaveLength(count);
  expect(complaints(findings)).toEqual([]);
  // Neither side may be empty, or nothing was tested.
  expect(findings.filter((f) => f.outcome === 'ran').length).toBeGreaterThan(count / 20);
  expect(findings.filter((f) => f.outcome !== 'ran').length).toBeGreaterThan(count / 4);
});

it(`${count} mutated IRs of the operation corpus run on any device, or are refused with a reason`, {
  timeout: 60_000 + count * 1000,
}, async () => {
  const corpus = corpusCases(fileURLToPath(new URL('../../data/opset', import.meta.url)));
  const jobs = Array.from({ length: count }, (_, seed) => {
    const { source, path } = corpus[(seed * 7919) % corpus.length] as (typeof corpus)[number];
    return { file: source, folder: path, seed, device: devices[seed % devices.length] as string };
  });
  const findings = await runMutants(jobs);
  expect(findings).toHaveLength(count);
  expect(complaints(findings)).toEqual([]);
  expect(findings.filter((f) => f.outcome === 'ran').length).toBeGreaterThan(count / 20);
  expect(findings.filter((f) => f.outcome !== 'ran').length).toBeGreaterThan(count / 4);
});
