import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { root } from '../lib/workspace.mjs';

/** The programs on the page, and what each says. */
const said = [
  [[new Float32Array([2, 6, 12])]],
  [
    [1, 'MINE', new Float32Array([2, 6, 12])],
    [2, 'CPU', new Float32Array([2, 6, 12])],
  ],
];

describe('docs/write-a-plugin.md', () => {
  const page = readFileSync(join(root, 'docs', 'write-a-plugin.md'), 'utf8');
  const programs = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, program]) => program as string);

  it.each(said.map((lines, i) => [i + 1, lines] as const))('program %i works as the page says', async (number, lines) => {
    expect(programs).toHaveLength(said.length);
    const file = join(root, 'out', 'test', `write-a-plugin-${number}.mjs`);
    mkdirSync(join(root, 'out', 'test'), { recursive: true });
    writeFileSync(file, programs[number - 1] as string);
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    try {
      await import(file);
      expect(log.mock.calls).toEqual(lines);
    } finally {
      log.mockRestore();
    }
  });
});
