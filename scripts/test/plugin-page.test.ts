import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { root } from '../lib/workspace.mjs';

it('the device of docs/write-a-plugin.md works as the page says', async () => {
  const page = readFileSync(join(root, 'docs', 'write-a-plugin.md'), 'utf8');
  const program = /```js\n([\s\S]*?)```/.exec(page)?.[1];
  expect(program).toBeDefined();
  const file = join(root, 'out', 'test', 'write-a-plugin.mjs');
  mkdirSync(join(root, 'out', 'test'), { recursive: true });
  writeFileSync(file, program as string);
  const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    await import(file);
    expect(said.mock.calls).toEqual([[new Float32Array([2, 6, 12])]]);
  } finally {
    said.mockRestore();
  }
});
