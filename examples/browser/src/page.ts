/** @file The page: draws a picture, asks the worker what is in it, and shows the answer as bars. */
import catUrl from '../../../packages/conformance/data/models/mobilenet-v2/cat.png';
import type { Answer, Failure, Question } from './messages.js';

const size = 224;
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const canvas = find<HTMLCanvasElement>('picture');
const status = find('status');

/** The middle square of a picture, scaled to what the network was trained on. */
async function classify(picture: Blob): Promise<void> {
  status.textContent = 'Looking…';
  const bitmap = await createImageBitmap(picture);
  const side = Math.min(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, size, size);
  worker.postMessage({ pixels: context.getImageData(0, 0, size, size).data, size } satisfies Question);
}

function bar({ label, probability }: Answer['classes'][number]): HTMLLIElement {
  const item = document.createElement('li');
  const [name, share, line] = [document.createElement('span'), document.createElement('span'), document.createElement('i')];
  name.textContent = label;
  share.textContent = `${(100 * probability).toFixed(1)} %`;
  line.style.setProperty('--share', `${100 * probability}%`);
  item.append(name, share, line);
  return item;
}

worker.addEventListener('message', ({ data }: MessageEvent<Answer | Failure>) => {
  document.body.dataset.state = 'error' in data ? 'failed' : 'done';
  if ('error' in data) {
    status.textContent = data.error;
    return;
  }
  find('classes').replaceChildren(...data.classes.map(bar));
  status.textContent = `model loaded and compiled in ${data.loadMs.toFixed(0)} ms, inference ${data.inferMs.toFixed(0)} ms`;
  dispatchEvent(new CustomEvent('classified', { detail: data }));
});
worker.addEventListener('error', (event) => {
  document.body.dataset.state = 'failed';
  status.textContent = `the worker did not start: ${event.message}`;
});

find<HTMLInputElement>('file').addEventListener('change', ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file) void classify(file);
});
const drop = find('drop');
for (const [name, over] of [
  ['dragover', true],
  ['dragleave', false],
  ['drop', false],
] as const)
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', over);
    const [file] = event.dataTransfer?.files ?? [];
    if (name === 'drop' && file) void classify(file);
  });

const sample = await fetch(catUrl);
await classify(await sample.blob());
