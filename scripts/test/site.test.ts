/** The documentation site: it builds offline, every link leads somewhere, and its pages show in a browser without complaint. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rooms } from '@cuvee/core';
import { siteLinks } from '../docs/links.js';
import { findChromium, launchChromium, noChromium, serveFolder } from '../lib/chromium.js';
import { root } from '../lib/workspace.mjs';

const site = join(root, 'out', 'docs', 'site');
const shots = join(root, 'out', 'test', 'site');
const pages = [
  '/',
  '/quickstart',
  '/concepts',
  '/cli',
  '/write-a-plugin',
  '/operations/',
  '/operations/Convolution',
  '/properties',
  '/api/',
  '/api/core/classes/Core',
];

/** Those that are looked at on a dark telephone, too. */
const dark = ['/', '/concepts', '/operations/'];

beforeAll(() => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'docs'], { cwd: root, encoding: 'utf8' });
  expect(status, `${stdout}${stderr}`).toBe(0);
}, 400_000);

describe('the site', () => {
  it('has no dead link and no dead anchor', () => {
    const { pages: count, links, dead } = siteLinks(site);
    expect(dead).toEqual([]);
    expect(count).toBeGreaterThan(rooms.size);
    expect(links).toBeGreaterThan(5000);
  });
  it('has a page for every operation, with text, ports and what each device says', () => {
    const bare = [...rooms.keys()].filter((name) => {
      const text = readFileSync(join(root, 'out', 'docs', 'src', 'operations', `${name}.md`), 'utf8');
      const said = text.split(`# ${name}\n\n`)[1] ?? '';
      return /^(?:Builder:|##)/.test(said) || !text.includes('## Devices') || !/## (?:In|Out)puts/.test(text);
    });
    expect(bare.filter((name) => !plumbing.has(name))).toEqual([]);
  });
  it('tells something about every member of the classes that users meet', () => {
    const { children } = JSON.parse(readFileSync(join(root, 'out', 'docs', 'api.json'), 'utf8')) as Reflection;
    const core = children?.find(({ name }) => name.startsWith('core/'));
    const silent = users.flatMap((name) => {
      const found = core?.children?.find((child) => child.name === name);
      expect(found, name).toBeDefined();
      const members = found?.children?.filter((c) => !c.inheritedFrom && c.name !== 'constructor' && !c.name.startsWith('[')) ?? [];
      return members.filter((member) => !said(member)).map((member) => `${name}.${member.name}`);
    });
    expect(silent).toEqual([]);
  });
  it('holds the doc comments of the classes that users meet', () => {
    for (const name of users.slice(0, 5))
      expect(readFileSync(join(root, 'out', 'docs', 'src', 'api', 'core', 'classes', `${name}.md`), 'utf8').length).toBeGreaterThan(1000);
  });
});

const users = [
  'Core',
  'Model',
  'CompiledModel',
  'InferRequest',
  'Tensor',
  'Value',
  'Node',
  'PartialShape',
  'AsyncInferQueue',
  'CuveeError',
  'PrePostProcessor',
];

/** As much of typedoc's data as is looked at. */
interface Reflection {
  readonly name: string;
  readonly comment?: { readonly summary?: readonly unknown[] };
  readonly children?: readonly Reflection[];
  readonly signatures?: readonly Reflection[];
  readonly getSignature?: Reflection;
  readonly inheritedFrom?: unknown;
}
const said = (r: Reflection): boolean =>
  (r.comment?.summary?.length ?? 0) > 0 || (r.signatures ?? []).some(said) || (r.getSignature ? said(r.getSignature) : false);

/** Rooms without a case of their own to ask a device about. */
const plumbing = new Set(['Parameter', 'Constant', 'Result']);

describe('in Chromium', () => {
  let browser: Browser | undefined;
  let server: Awaited<ReturnType<typeof serveFolder>> | undefined;
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    if (!findChromium()) return;
    server = await serveFolder(site);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const shown = [...pages.map((page) => [page, 'light'] as const), ...dark.map((page) => [page, 'dark'] as const)];
  it.for(shown)('%s, %s', async ([path, colorScheme], context) => {
    if (!browser || !server) return context.skip(noChromium);
    const page = await browser.newPage({ viewport: { width: colorScheme === 'dark' ? 420 : 1280, height: 900 }, colorScheme });
    const complaints: string[] = [];
    page.on('console', (message) => void (['error', 'warning'].includes(message.type()) && complaints.push(message.text())));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    page.on(
      'request',
      (request) => void (request.url().startsWith(server!.url) || request.url().startsWith('data:') || complaints.push(request.url())),
    );
    await page.goto(server.url + (path.endsWith('/') ? path : `${path}.html`), { waitUntil: 'load' });
    await page.waitForSelector('h1');
    const seen = (await page.evaluate(`({
      heading: document.querySelector('h1').getBoundingClientRect().height,
      wide: document.documentElement.scrollWidth - window.innerWidth,
      broken: [...document.images].filter((image) => image.complete && image.naturalWidth === 0).map((image) => image.src),
      letters: document.querySelector('main, .VPContent').innerText.length,
    })`)) as { heading: number; wide: number; broken: string[]; letters: number };
    expect(seen.heading).toBeGreaterThan(20);
    expect(seen.wide, 'nothing sticks out to the right').toBeLessThanOrEqual(0);
    expect(seen.broken).toEqual([]);
    expect(seen.letters).toBeGreaterThan(200);
    const name = `${path.replaceAll('/', '_')}-${colorScheme}.png`;
    const picture = await page.screenshot({ path: join(shots, name) });
    expect(picture.length, 'a blank page packs into a few kilobytes').toBeGreaterThan(15_000);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('finds an operation by searching', async (context) => {
    if (!browser || !server) return context.skip(noChromium);
    const page = await browser.newPage();
    await page.goto(`${server.url}/quickstart.html`);
    await page.click('.VPNavBarSearch button');
    await page.fill('.VPLocalSearchBox input', 'scatter elements');
    await page.waitForSelector('.VPLocalSearchBox .result');
    expect(await page.locator('.VPLocalSearchBox .result').first().innerText()).toMatch(/scatter/i);
    await page.close();
  });
});
