/**
 * @file What scripts/drop-ins.mjs runs in both installations: a line in (`versions`, `embed`, `ocr`, `delay embed`, `delay ocr`), a line
 * of JSON out. The applications are used as their READMEs say.
 */
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import Ocr from '@gutenye/ocr-node';
import { env, pipeline } from '@huggingface/transformers';

const { image, models, model } = JSON.parse(process.argv[2]);
env.localModelPath = `${models}/`;
env.allowRemoteModels = false;

const sentences = [
  'a toolkit for inference in which every device is a plugin',
  'short',
  'the same words in another order say something else , and longer sentences are padded to the longest of a batch',
];
let reader;
let extract;

const tasks = {
  async embed() {
    extract ??= await pipeline('feature-extraction', model, { dtype: 'fp32' });
    const one = await extract(sentences[0], { pooling: 'mean', normalize: true });
    const batch = await extract(sentences, { pooling: 'mean', normalize: true });
    return [one, batch].map(({ dims, data }) => ({ dims, data: [...data] }));
  },
  async ocr() {
    reader ??= await Ocr.create();
    return (await reader.detect(image)).map(({ text, mean, box }) => ({ text, mean, box }));
  },
};

/** 99th percentile of the milliseconds between two turns of the event loop, while a task runs again and again for a second. */
async function delay(task) {
  const gaps = [];
  let last = performance.now();
  const tick = () => {
    gaps.push(performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(tick, 1);
  for (const began = performance.now(); performance.now() - began < 1000; ) await task();
  clearInterval(timer);
  tick();
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.99)];
}

function versions() {
  const require = createRequire(createRequire(import.meta.url).resolve('@gutenye/ocr-node'));
  const ort = require('onnxruntime-node');
  return { ...ort.env.versions, cuvee: ort.listSupportedBackends().some(({ name }) => name === 'cuvee') };
}

for await (const line of createInterface({ input: process.stdin })) {
  const [word, name] = line.split(' ');
  const began = performance.now();
  const result = word === 'versions' ? versions() : word === 'delay' ? await delay(tasks[name]) : await tasks[word]();
  process.stdout.write(`${JSON.stringify({ milliseconds: performance.now() - began, result })}\n`);
}
