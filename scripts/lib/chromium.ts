/** @file A Chromium of this machine for tests, and a server for a built folder. Nothing is downloaded. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, extname, join, resolve, sep } from 'node:path';
import type { Browser } from 'playwright-core';

/** Why browser tests are skipped where there is no Chromium. */
export const noChromium = 'no Chromium here: install the package chromium, or name one in CUVEE_CHROMIUM';

/** Path of a Chromium: `CUVEE_CHROMIUM`, or one of the usual names on PATH; undefined without one. */
export function findChromium(): string | undefined {
  const chosen = process.env.CUVEE_CHROMIUM;
  if (chosen !== undefined) return chosen !== '' && existsSync(chosen) ? chosen : undefined;
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** A headless browser; the caller closes it. */
export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** Serves `folder` on a free port of 127.0.0.1. `url` ends without a slash. */
export async function serveFolder(folder: string): Promise<{ url: string; close: () => Promise<void> }> {
  const base = resolve(folder);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const named = join(base, path);
    const file = [named, `${named}.html`, join(named, 'index.html')].find((f) => existsSync(f) && statSync(f).isFile());
    if (!file?.startsWith(base + sep)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
