import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = new URL('../../packages/plugin-cpu/native/addon/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

it('every function of Node-API that the addon calls is one that it looks up on Windows', () => {
  const called = readdirSync(folder)
    .filter((name) => name.endsWith('.cc') && name !== 'host_windows.cc')
    .flatMap((name) => [...read(name).matchAll(/\b(napi_[a-z_0-9]+)\(/g)].map(([, f]) => f as string));
  const listed = [...read('host_windows.cc').matchAll(/X\((napi_[a-z_0-9]+)\)/g)].map(([, f]) => f as string);
  expect(called.length).toBeGreaterThan(50);
  expect([...new Set(called)].filter((f) => !listed.includes(f))).toEqual([]);
});
