/**
 * @file One process of `bench/meta.mjs cache`: `node cached.mjs MODEL path|model [CACHE_DIR]` compiles a model through AUTO, twice, each time with a
 * new Core, and prints milliseconds: of reading (`model` only) and of compiling.
 */
import { Core } from 'cuvee';

const [path, how, folder] = process.argv.slice(2);
const once = () => {
  const begin = performance.now();
  const core = new Core();
  const model = how === 'model' ? core.readModelSync(path) : path;
  const read = performance.now();
  const compiled = core.compileModelSync(model, 'AUTO', folder ? { CACHE_DIR: folder } : {});
  const end = performance.now();
  return { cached: compiled.getProperty('LOADED_FROM_CACHE'), read: read - begin, compile: end - read, total: end - begin };
};
process.stdout.write(JSON.stringify({ first: once(), again: once() }));
