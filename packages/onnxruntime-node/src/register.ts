/**
 * @file `node --import @cuvee/onnxruntime-node/register app.mjs`: whoever imports or requires onnxruntime-node gets this package, with
 * nothing changed in what is installed.
 */
import { createRequire, Module, register } from 'node:module';

register(new URL('./hooks.js', import.meta.url));

type Resolve = (request: string, ...rest: unknown[]) => string;
const loader = Module as unknown as { _resolveFilename: Resolve };
const resolve = loader._resolveFilename;
const own = createRequire(import.meta.url).resolve('@cuvee/onnxruntime-node');
loader._resolveFilename = function (request, ...rest) {
  return request === 'onnxruntime-node' ? own : resolve.call(this, request, ...rest);
};
