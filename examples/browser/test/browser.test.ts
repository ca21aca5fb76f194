/** Core, the ONNX reader and device REFERENCE in a real browser: the page is built and opened in headless Chromium. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findChromium, launchChromium, noChromium, serveFolder } from '../../../scripts/lib/chromium.js';

const folder = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const out = join(root, 'out', 'test', 'browser');
const data = join(root, 'packages', 'conformance', 'data', 'models', 'mobilenet-v2');

interface Shown {
  readonly state: string | undefined;
  readonly status: string;
  readonly classes: string[];
}

describe('the browser example', () => {
  it('builds with vite and classifies a photograph in Chromium as OpenVINO does', async (context) => {
    if (!findChromium()) context.skip(noChromium);
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out, { recursive: true });
    const vite = await import('vite');
    await vite.build({ root: folder, configFile: join(folder, 'vite.config.ts'), logLevel: 'error', build: { outDir: join(out, 'site') } });

    const server = await serveFolder(join(out, 'site'));
    const browser = await launchChromium();
    try {
      const page = await browser.newPage({ viewport: { width: 900, height: 560 } });
      const said: string[] = [];
      const asked: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      page.on('pageerror', (error) => said.push(error.message));
      page.on('request', (request) => asked.push(request.url()));
      await page.addInitScript('addEventListener("classified", (event) => { window.answer = Array.from(event.detail.logits); })');
      await page.goto(`${server.url}/`);
      await page.waitForSelector('body[data-state]', { timeout: 50_000 });
      const shown = (await page.evaluate(
        `({ state: document.body.dataset.state, status: document.getElementById('status').textContent,
            classes: [...document.querySelectorAll('#classes li')].map((item) => item.innerText) })`,
      )) as Shown;
      expect(shown).toMatchObject({ state: 'done', status: expect.stringMatching(/inference \d+ ms/) });
      expect(shown.classes).toHaveLength(5);
      expect(shown.classes[0]).toMatch(/^Egyptian cat\s+\d+\.\d %/);

      const logits = (await page.evaluate('window.answer')) as number[];
      const bytes = readFileSync(join(data, 'cat-224', 'output_0.bin'));
      const expected = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      expect(logits).toHaveLength(1000);
      expect(Math.max(...logits.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(0.002);

      await page.screenshot({ path: join(out, 'page.png') });
      expect(said).toEqual([]);
      expect(asked.filter((url) => !url.startsWith(server.url) && !url.startsWith('data:'))).toEqual([]);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
