/**
 * @file An npm registry on this machine that knows the packed packages and passes every other question on to the registry that npm
 * is set up for: what package managers install from it is what they would install had the packages been published.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename } from 'node:path';

/** Metadata of a package as a registry gives it. */
const metadata = ({ name, version, manifest, tarball, integrity }, origin) => ({
  name,
  'dist-tags': { latest: version },
  versions: {
    [version]: { ...manifest, _id: `${name}@${version}`, dist: { tarball: `${origin}/-tarballs/${basename(tarball)}`, integrity } },
  },
  time: { modified: '2020-01-01T00:00:00.000Z', created: '2020-01-01T00:00:00.000Z', [version]: '2020-01-01T00:00:00.000Z' },
});

async function passOn(upstream, request, response) {
  const { accept } = request.headers;
  const answer = await fetch(new URL(request.url, upstream), { headers: accept ? { accept } : {} });
  const body = Buffer.from(await answer.arrayBuffer());
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' }).end(body);
}

/** Starts it: `{ address, close }`. `packed`: what lib/staging.mjs packed. */
export async function startRegistry(packed) {
  const upstream = execFileSync('npm', ['config', 'get', 'registry', '--loglevel=silent'], { encoding: 'utf8' }).trim();
  const byName = new Map(packed.map((one) => [one.name, one]));
  const byFile = new Map(packed.map((one) => [basename(one.tarball), one]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url.split('?')[0]).slice(1);
    const origin = `http://${request.headers.host}`;
    const file = byFile.get(path.replace(/^-tarballs\//, ''));
    const known = byName.get(path);
    if (file) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(readFileSync(file.tarball));
    else if (known)
      response
        .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(JSON.stringify(metadata(known, origin)));
    else if (path.startsWith('@cuvee/') || path === 'cuvee')
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not packed here"}');
    else passOn(upstream, request, response).catch((error) => response.writeHead(502).end(String(error)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
