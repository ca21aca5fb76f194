/** @file `npm start`: sets up what is missing, then runs the main job, OCR of photographs, with the arguments given. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { entry, SetupError } from './lib/run.mjs';
import { root } from './lib/workspace.mjs';
import { setup } from './setup.mjs';

entry(async () => {
  await setup({ types: false });
  const main = join(root, 'examples', 'ocr', 'dist', 'main.js');
  if (!existsSync(main)) throw new SetupError(`${main} is missing although the set-up ended. Type: node scripts/bundle.mjs examples/ocr`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.on('close', (code) => resolve(code ?? 1));
  });
});
