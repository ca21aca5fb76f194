/** Files that CACHE_DIR knows: found by their bytes, not read as models; whatever is wrong with a note costs time and nothing else. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { auto } from '@cuvee/auto';
import { builder, Core, Model, onWork, saveModelSync, Tensor, type CompiledModel } from '@cuvee/core';
import { multi } from '@cuvee/multi';
import { cpu } from '@cuvee/plugin-cpu';

const folder = mkdtempSync(join(tmpdir(), 'cuvee-known-'));
const path = join(folder, 'model.xml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let n = 0;
const fresh = (): string => join(folder, `cache${n++}`);

/** Kinds of work that were done, `ir Multiply` for what was read. */
const work: string[] = [];
onWork((kinds) => work.push(...kinds));
const wasRead = (): boolean => work.splice(0).some((kind) => kind.startsWith('ir '));
beforeEach(() => void work.splice(0));
afterEach(() => void vi.restoreAllMocks());

function scaled(by: number, state = false): Model {
  const g = builder();
  const x = g.parameter('f32', '?,2', 'x');
  x.names = ['input'];
  const scale = g.multiply(x, g.constant('f32', [2], [by, by + 1]));
  const kept = state
    ? g.readValue(g.constant('f32', [1, 2], [0, 0]), { variable_id: 's', variable_type: 'f32', variable_shape: '1,2' })
    : undefined;
  const y = kept ? g.add(scale, kept) : scale;
  y.names = ['y'];
  const sinks = kept ? [g.assign(y, { variable_id: 's' }).node] : [];
  const model = new Model({ name: 'scaled', parameters: [x.node], results: [g.result(y, 'result')], sinks, scope: g.scope });
  model.rtInfo = { about: { author: 'me' } };
  return model;
}
const core = (): Core => new Core({ plugins: [auto(), multi(), cpu()] });
const compile = (CACHE_DIR: string, device = 'AUTO', more = {}): CompiledModel =>
  core().compileModelSync(path, device, { CACHE_DIR, ...more });
const run = (compiled: CompiledModel): number[] => [
  ...(Object.values(compiled.createInferRequest().infer([new Tensor('f32', [1, 2], Float32Array.of(1, 2))]))[0]?.data as Float32Array),
];
const cached = (compiled: CompiledModel): unknown => compiled.getProperty('LOADED_FROM_CACHE');
const notes = (cache: string): string[] =>
  readdirSync(cache)
    .filter((name) => name.endsWith('.known'))
    .map((name) => join(cache, name));
const told = ({ inputs, outputs }: CompiledModel) =>
  [...inputs, ...outputs].map((v) => [v.anyName, v.names, v.node.name, v.elementType, String(v.partialShape)]);

describe('a file whose compiled model the cache holds', () => {
  it.each(['CPU', 'AUTO', 'AUTO:CPU', 'MULTI:CPU'])('is not read for %s, and all that is told is the same', async (device) => {
    saveModelSync(scaled(3), path, false);
    const cache = fresh();
    const first = compile(cache, device);
    expect([cached(first), wasRead()]).toEqual([false, true]);
    const second = compile(cache, device);
    const third = await core().compileModel(path, device, { CACHE_DIR: cache });
    expect([cached(second), cached(third), wasRead()]).toEqual([true, true, false]);
    for (const again of [second, third]) {
      expect(told(again)).toEqual(told(first));
      expect([run(again), again.getProperty('NETWORK_NAME')]).toEqual([[3, 8], 'scaled']);
      const [one, other] = [again.getRuntimeModel(), first.getRuntimeModel()];
      expect([one.path, one.name, one.rtInfo]).toEqual([other.path, other.name, other.rtInfo]);
    }
    expect(run(core().importModelSync(second.exportModelSync(), device))).toEqual([3, 8]);
  });

  it('is read for what the cache does not hold: another device, another configuration, changed content', async () => {
    saveModelSync(scaled(3), path, false);
    const cache = fresh();
    compile(cache, 'CPU');
    wasRead();
    const others = [
      compile(cache, 'CPU', { NUM_STREAMS: 1 }),
      await core().compileModel(path, 'CPU', { CACHE_DIR: cache, NUM_STREAMS: 1, CUVEE_FUSION: false }),
    ];
    expect([...others.map(cached), ...others.map(run), wasRead()]).toEqual([false, false, [3, 8], [3, 8], true]);
    saveModelSync(scaled(5), path, false);
    const changed = compile(cache, 'CPU');
    expect([cached(changed), run(changed), wasRead()]).toEqual([false, [5, 12], true]);
    // The weights alone, of equal length.
    const bin = path.replace('xml', 'bin');
    const bytes = readFileSync(bin);
    new Float32Array(bytes.buffer, bytes.byteOffset, 2).set([7, 8]);
    writeFileSync(bin, bytes);
    const weights = compile(cache, 'CPU');
    expect([cached(weights), run(weights)]).toEqual([false, [7, 16]]);
  });

  it('is hashed unless it rests: nobody touched it since a minute before its content was noted', () => {
    saveModelSync(scaled(3), path, false);
    const cache = fresh();
    let hashed = 0;
    const device = cpu();
    const counting = { ...device, digestFile: (file: string) => (hashed++, device.digestFile?.(file)) };
    const next = (): unknown[] => {
      hashed = 0;
      const compiled = new Core({ plugins: [counting] }).compileModelSync(path, 'CPU', { CACHE_DIR: cache });
      return [cached(compiled), ...run(compiled), hashed];
    };
    expect([next(), next(), next()]).toEqual([
      [false, 3, 8, 0], // nothing to compare it with
      [true, 3, 8, 2], // model and weights
      [true, 3, 8, 2], // changed a moment ago: it may change within the same tick of the clock
    ]);
    const { now } = Date;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 61_000);
    expect([next(), next(), next()]).toEqual([
      [true, 3, 8, 2],
      [true, 3, 8, 0],
      [true, 3, 8, 0],
    ]);
    const bin = path.replace('xml', 'bin');
    const { atime, mtime } = statSync(bin);
    const bytes = readFileSync(bin);
    new Float32Array(bytes.buffer, bytes.byteOffset, 2).set([7, 8]);
    writeFileSync(bin, bytes);
    utimesSync(bin, atime, mtime); // whoever says so
    expect([next(), next()]).toEqual([
      [false, 7, 16, 2],
      [true, 7, 16, 0],
    ]);
    const where = notes(cache).find((note) => readFileSync(note, 'utf8').split('\n')[2]?.startsWith('{')) as string;
    for (const note of notes(cache)) if (note !== where) rmSync(note); // what a stranger leaves of a cache
    expect(next().slice(0, 3)).toEqual([true, 7, 16]);
  });

  it('may have any name and place', () => {
    saveModelSync(scaled(3), path, false);
    const cache = fresh();
    compile(cache, 'CPU');
    const other = join(folder, 'elsewhere');
    mkdirSync(other, { recursive: true });
    for (const name of ['model', 'renamed'])
      for (const kind of ['xml', 'bin']) copyFileSync(join(folder, `model.${kind}`), join(other, `${name}.${kind}`));
    for (const name of ['model', 'renamed']) {
      const compiled = core().compileModelSync(join(other, `${name}.xml`), 'CPU', { CACHE_DIR: cache });
      expect([cached(compiled), run(compiled), compiled.getRuntimeModel().path]).toEqual([true, [3, 8], join(other, `${name}.xml`)]);
    }
  });

  it('is compiled anew when the blob is damaged or gone, and read when a note is', () => {
    saveModelSync(scaled(3), path, false);
    const cache = fresh();
    compile(cache);
    const blob = (): string => join(cache, readdirSync(cache).find((name) => name.endsWith('.cuvee')) as string);
    const whole = readFileSync(blob());
    for (const damage of [() => writeFileSync(blob(), whole.subarray(0, 99)), () => rmSync(blob())]) {
      damage();
      const compiled = compile(cache);
      expect([cached(compiled), run(compiled)]).toEqual([false, [3, 8]]);
      expect([cached(compile(cache)), readFileSync(blob()).length > 99]).toEqual([true, true]);
    }
    expect(notes(cache).length).toBe(2);
    for (const note of notes(cache)) {
      const sound = readFileSync(note);
      for (let at = 0; at < sound.length; at += 41) {
        const damaged = Buffer.from(sound);
        damaged[at] = (damaged[at] as number) ^ 4;
        for (const bytes of [damaged, sound.subarray(0, at)]) {
          writeFileSync(note, bytes);
          const compiled = compile(cache);
          expect([cached(compiled), run(compiled)]).toEqual([true, [3, 8]]);
        }
      }
      rmSync(note);
      expect([cached(compile(cache)), cached(compile(cache))]).toEqual([true, true]);
    }
    wasRead();
    compile(cache);
    expect(wasRead()).toBe(false);
  });

  it('leads nowhere but into the folder, whatever a note says', () => {
    saveModelSync(scaled(3), path, false);
    const cache = fresh();
    compile(cache, 'CPU');
    const victim = join(folder, 'victim.cuvee');
    writeFileSync(victim, 'mine');
    const { digest } = cpu();
    for (const note of notes(cache)) {
      const [, body = ''] = readFileSync(note, 'utf8').split('\n');
      if (body.startsWith('{')) continue;
      // The digest of a note is over what it is about, too, which is the model's content: a stranger has both.
      writeFileSync(note, `${digest?.([Buffer.from('../victim')])}\n../victim`);
    }
    expect(run(compile(cache, 'CPU'))).toEqual([3, 8]);
    expect(readFileSync(victim, 'utf8')).toBe('mine');
  });

  it('with states keeps them with their request', () => {
    saveModelSync(scaled(3, true), path, false);
    const cache = fresh();
    for (const fromCache of [false, true]) {
      const compiled = compile(cache);
      const request = compiled.createInferRequest();
      const once = () => [...(Object.values(request.infer([new Tensor('f32', [1, 2], Float32Array.of(1, 2))]))[0]?.data as Float32Array)];
      expect([cached(compiled), once(), once()]).toEqual([fromCache, [3, 8], [6, 16]]);
    }
    expect(() => compile(cache, 'MULTI:CPU')).toThrow('it has states');
  });

  it('leaves no notes beside what is encrypted', () => {
    saveModelSync(scaled(3), path, false);
    const cache = fresh();
    const turned = (bytes: Uint8Array): Uint8Array => bytes.map((b) => b ^ 90);
    const CACHE_ENCRYPTION_CALLBACKS = { encrypt: turned, decrypt: turned };
    for (const fromCache of [false, true]) {
      const compiled = compile(cache, 'CPU', { CACHE_ENCRYPTION_CALLBACKS });
      expect([cached(compiled), run(compiled), notes(cache)]).toEqual([fromCache, [3, 8], []]);
    }
  });
});
