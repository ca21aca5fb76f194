/** @file A registry on 127.0.0.1 that has our tarballs and sends npm to the machine's own registry for all else. For tests. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A packed package. */
export interface Packed {
  readonly name: string;
  readonly tarball: string;
}

const manifestOf = (tarball: string): { name: string; version: string } =>
  JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' })) as { name: string; version: string };

/** Serves the tarballs; `url` is what `npm_config_registry` takes. */
export async function serveRegistry(packed: readonly Packed[]): Promise<{ url: string; close: () => Promise<void> }> {
  const real = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim().replace(/\/$/, '');
  const known = new Map(packed.map(({ tarball }) => [manifestOf(tarball).name, { tarball, manifest: manifestOf(tarball) }]));
  let url = '';
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1);
    const file = /^tarballs\/(.+)\.tgz$/.exec(path)?.[1];
    const entry = known.get(file ?? path);
    if (!entry) return response.writeHead(302, { location: `${real}${request.url}` }).end();
    if (file) return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(readFileSync(entry.tarball));
    const { name, version } = entry.manifest;
    const integrity = `sha512-${createHash('sha512').update(readFileSync(entry.tarball)).digest('base64')}`;
    const dist = { tarball: `${url}/tarballs/${name}.tgz`, integrity };
    const text = JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...entry.manifest, dist } } });
    return response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    close: () =>
      new Promise<void>((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
