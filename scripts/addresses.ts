/**
 * @file Guard: no network, no telemetry, no install script. Committed files hold no download or registry address, shipped sources
 * import no network module, and no package runs anything on install.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, type Guard, isTest, main, sources, withoutComments } from './lib/guard.js';
import { packages, root } from './lib/workspace.mjs';

const hosts = [
  'registry.npmjs',
  'registry.yarnpkg',
  'registry.npmmirror',
  'pypi.org',
  'pythonhosted',
  'raw.githubusercontent',
  'codeload.github',
  'huggingface.co',
  'storage.googleapis',
  'storage.openvinotoolkit',
];
const address = new RegExp(
  `https?://[^\\s"'<>)]*(?:${hosts.map((host) => host.replaceAll('.', '\\.')).join('|')}|/releases/download/)[^\\s"'<>)]*`,
  'g',
);
const networkModule = /['"]node:(https?|http2|net|tls|dgram|dns)['"]/;

/** Download and registry addresses in a text. */
export const findAddresses = (text: string): string[] => text.match(address) ?? [];

function committedFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  return listed.split('\0').filter((path) => path && !/\.(png|jpe?g|onnx|bin|npy|npz|zip|gz|ttf|otf|woff2?|node|wasm)$/.test(path));
}

function check(): Finding {
  const files = committedFiles();
  const problems = files.flatMap((path) => {
    let text: string;
    try {
      text = readFileSync(join(root, path), 'utf8');
    } catch {
      return []; // deleted in the working tree
    }
    return findAddresses(text).map((found) => `${path} holds the address ${found}`);
  });
  for (const { path, text } of sources(['packages'], ['.ts']).filter((source) => /\/src\//.test(source.path) && !isTest(source.path))) {
    if (networkModule.test(withoutComments(text))) problems.push(`${path} imports a network module`);
  }
  for (const { name, manifest } of packages() as { name: string; manifest: { scripts?: Record<string, string> } }[]) {
    for (const hook of ['preinstall', 'install', 'postinstall', 'prepare'])
      if (manifest.scripts?.[hook]) problems.push(`${name} has the install script ${hook}`);
  }
  return { text: `${files.length} committed text files`, problems };
}

export const addresses: Guard = { name: 'addresses', check };
main(import.meta.url, addresses);
