/** @file Compiled models that are written and read again, and the cache that is made of them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CuveeError, type CompiledModel } from '@cuvee/core';
import { area, check, equal, fails, must, notOffered } from './check.js';
import { closeTo, isParabola, pair, parabola, vector, weighted, weightless } from './models.js';
import { anyVector, type Subject } from './subject.js';

/** The blob of a model; the check ends here where the device writes none. */
async function blobOf(s: Subject, compiled: CompiledModel): Promise<Uint8Array> {
  const raw = await s.raw(parabola());
  return raw.save ? compiled.exportModel() : notOffered('save');
}

export const kept = area('kept', {
  none: check('Default: NOT_IMPLEMENTED.', async (s) => {
    const compiled = await s.compile(parabola());
    if ((await s.raw(parabola())).save) return;
    await fails(() => compiled.exportModel(), 'NOT_IMPLEMENTED', 'exportModel of a device that writes no models');
    await fails(() => compiled.exportModelSync(), 'NOT_IMPLEMENTED', 'exportModelSync of a device that writes no models');
    await fails(() => s.core.importModel(new Uint8Array(64), s.device), ['NOT_IMPLEMENTED', 'MODEL_INVALID'], 'importing nonsense');
  }),

  again: check(
    [
      'The compiled form in pieces, for caches and export.',
      'The inverse of `DeviceModel.save`.',
      'A model that was compiled before, with its ports: parameters and results are all that is asked of `ports`.',
    ],
    async (s) => {
      const compiled = await s.compile(pair());
      const blob = await blobOf(s, compiled);
      const back = s.hold(await s.core.importModel(blob, s.device));
      const ports = (m: CompiledModel): unknown =>
        [...m.inputs, ...m.outputs].map((p) => [p.anyName, p.elementType, p.partialShape.toString()]);
      equal(ports(back), ports(compiled), 'ports of the model that was read again');
      const outputs = await s.hold(back.createInferRequest()).inferAsync({ a: vector(1, 2), b: vector(3, 4) });
      closeTo(outputs.first, [4, 10], 'a run of the model that was read again');
      compiled.release();
      equal(Array.from(await back.exportModel()), Array.from(blob), 'the blob of what a blob was read into');
    },
  ),

  damaged: check(
    'Rejects with NOT_IMPLEMENTED when the device cannot, MODEL_INVALID for what is damaged or of another version.',
    async (s) => {
      const blob = await blobOf(s, await s.compile(weighted(256)));
      const damaged = [
        blob.subarray(0, 0),
        blob.subarray(0, 10),
        blob.subarray(0, blob.length - 1),
        ...Array.from({ length: 24 }, (_, i) => {
          const copy = Uint8Array.from(blob);
          copy[Math.floor((i * blob.length) / 24)] = (copy[Math.floor((i * blob.length) / 24)] as number) ^ 0x41;
          return copy;
        }),
      ];
      for (const [i, bytes] of damaged.entries())
        await fails(() => s.core.importModel(bytes, s.device), 'MODEL_INVALID', `importing damaged blob ${i}`);
    },
  ),

  cached: check(
    [
      'Folder in which compiled models are kept from one process to the next; empty: none',
      'Default: what `load` reads is kept.',
      'True: the devices below keep what they compile in CACHE_DIR; core keeps nothing for this one.',
    ],
    async (s) => {
      if (s.host.properties(s.plugin).MULTI_DEVICE_PRIORITIES === undefined) await blobOf(s, await s.compile(parabola()));
      const folder = mkdtempSync(join(tmpdir(), 'cuvee-contract-'));
      try {
        for (const round of ['first', 'second', 'damaged']) {
          const compiled = await s.compile(weighted(4096), { CACHE_DIR: folder });
          const request = s.hold(compiled.createInferRequest());
          const { y } = await request.inferAsync({ x: weightless(4096, 2) });
          closeTo(y, new Array<number>(1024).fill(3), `a run of the model compiled ${round}`, [1, 1024]);
          const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
          if (round === 'second' && s.host.properties(s.plugin).MULTI_DEVICE_PRIORITIES === undefined)
            equal(compiled.getProperty('LOADED_FROM_CACHE'), true, 'LOADED_FROM_CACHE of the second compilation');
          if (round === 'second')
            for (const f of files) {
              const path = join(f.parentPath, f.name);
              const bytes = readFileSync(path);
              writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
            }
          compiled.release();
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  ),

  looked: check(
    'The model as the cache of `config.CACHE_DIR` holds it for the device; undefined when it does not. Nothing is compiled.',
    async (s) => {
      const folder = mkdtempSync(join(tmpdir(), 'cuvee-contract-'));
      try {
        const config = { CACHE_DIR: folder };
        must((await s.host.cached(weighted(4096), s.device, config)) === undefined, 'an empty cache holds the model');
        equal(readdirSync(folder), [], 'files in the cache of a model that was only looked for');
        (await s.compile(weighted(4096), config)).release();
        const found = await s.host.cached(weighted(4096), s.device, config);
        if (!found) return;
        const request = s.hold(s.hold(found).createRequest());
        const [y] = await request.run([weightless(4096, 2)], [undefined], {});
        closeTo(y, new Array<number>(1024).fill(3), 'a run of the model that the cache held', [1, 1024]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  ),

  handed: check(
    ["What the device's own `save` wrote.", 'Rejects with NOT_IMPLEMENTED where it does not import, MODEL_INVALID for what it refuses.'],
    async (s) => {
      const blob = await blobOf(s, await s.compile(parabola()));
      const { ports, compiled } = await s.host.importModel(blob, s.device, {});
      equal(ports.parameters.length, 1, 'inputs of what the host imported');
      const request = s.hold(s.hold(compiled).createRequest());
      isParabola((await request.run([anyVector], [undefined], {}))[0], anyVector, 'a run of what the host imported');
      await fails(
        () => s.host.importModel(blob.subarray(1), s.device, {}),
        'MODEL_INVALID',
        'the host importing what lacks its first byte',
      );
    },
  ),

  atOnce: check('One that has them at once also serves `exportModelSync`.', async (s) => {
    const compiled = await s.compile(parabola());
    const blob = await blobOf(s, compiled);
    try {
      equal(Array.from(compiled.exportModelSync()), Array.from(blob), 'exportModelSync, beside exportModel');
      const back = s.hold(s.core.importModelSync(blob, s.device));
      isParabola((await s.hold(back.createInferRequest()).inferAsync({ x: anyVector })).y, anyVector, 'a run of what importModelSync gave');
    } catch (error) {
      must(error instanceof CuveeError && error.code === 'SYNC_UNAVAILABLE', `exporting or importing at once: ${String(error)}`);
    }
  }),
});
