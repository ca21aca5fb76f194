import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { builder, Core, Model, Tensor, writeIr } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import { hetero } from '@cuvee/hetero';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { audio } from '../src/extension.js';
import { Loudness } from '../src/loudness.js';
import { MuLawExpand } from '../src/expand.js';
import { MuLaw } from '../src/mu-law.js';
import { companding } from './companding.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cuvee-audio-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The kernel library, built as the README says. */
function library(): string {
  const file = join(folder, 'mu_law.so');
  const include = here('../../../packages/plugin-cpu/native/include');
  const built = spawnSync(process.env.CC ?? 'cc', [
    '-O2',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-shared',
    '-fPIC',
    '-I',
    include,
    here('../kernel/mu_law.c'),
    '-o',
    file,
    '-lm',
  ]);
  if (built.status !== 0) throw new Error(String(built.stderr));
  return file;
}

const coreWith = (kernels?: string): Core => {
  const core = new Core({ plugins: [cpu(), reference(), hetero()], frontends: [onnx()] });
  core.addExtension(audio(kernels));
  return core;
};

/** Samples [2, ?] companded (μ 100), made loud and expanded again; and the loudness of what was companded. */
function model(): Model {
  const g = builder();
  const x = g.parameter('f32', '2,?', 'x');
  const [companded] = g.node(MuLaw, [g.relu(x)], { mu: 100 });
  const [expanded] = g.node(MuLawExpand, [g.multiply(companded!, g.scalar(0.5, x))], { mu: 100 });
  const [loudness] = g.node(Loudness, [companded!], {});
  return new Model({
    name: 'audio',
    parameters: [x.node],
    results: [companded!, expanded!, loudness!].map((v) => g.result(v)),
    scope: g.scope,
  });
}

const samples = new Tensor('f32', [2, 3], Float32Array.of(0.5, -0.25, 1, 0, 0.125, 0.01));
const law = (x: number): number => Math.log1p(100 * Math.max(x, 0)) / Math.log1p(100);
const expected = (() => {
  const companded = Array.from(samples.data as Float32Array, law);
  const rms = [companded.slice(0, 3), companded.slice(3)].map((row) => Math.sqrt(row.reduce((s, x) => s + x * x, 0) / 3));
  return [companded, companded.map((y) => (101 ** (y / 2) - 1) / 100), rms];
})();

async function check(core: Core, given: Model, device: string): Promise<Awaited<ReturnType<Core['compileModel']>>> {
  const compiled = await core.compileModel(given, device);
  const request = compiled.createInferRequest();
  request.infer([samples]);
  expected.forEach((values, i) => {
    const got = Array.from(request.getOutputTensor(i).data as Float32Array);
    expect(got).toHaveLength(values.length);
    got.forEach((x, k) => expect(x).toBeCloseTo(values[k] as number, 6));
  });
  return compiled;
}

describe('operations of an extension', () => {
  it('run on REFERENCE, and on any device by HETERO when it lacks them', async () => {
    await check(coreWith(), model(), 'REFERENCE');
    const compiled = await check(coreWith(), model(), 'CPU');
    expect(compiled.getProperty('EXECUTION_DEVICES')).toEqual(['CPU', 'REFERENCE']);
  });

  it('survive IR files; without the extension the file is refused by name', async () => {
    const { xml, weights } = writeIr(model());
    const bytes = new TextEncoder().encode(xml);
    const bin = new Uint8Array(Buffer.concat(weights));
    expect(xml).toContain('type="MuLaw" version="example.audio"');
    const core = coreWith();
    await check(core, await core.readModel(bytes, bin), 'CPU');
    const other = new Core({ plugins: [cpu()], frontends: [] });
    await expect(other.readModel(bytes, bin)).rejects.toThrow(/MuLaw \(example.audio\)/);
  });

  it('are read from ONNX files, as they are and by a conversion', async () => {
    const core = coreWith();
    const read = await core.readModel(companding());
    expect(
      read
        .nodes()
        .filter((n) => n.op === MuLaw)
        .map((n) => n.attributes.mu),
    ).toEqual([100, 50]);
    const other = new Core({ plugins: [cpu()], frontends: [onnx()] });
    await expect(other.readModel(companding())).rejects.toThrow(/example\.audio\.Compand \(1×\), example\.audio\.MuLaw \(1×\)/);
  });

  it('are refused with a reason when they are no rooms, or there already', () => {
    const core = coreWith();
    expect(() => core.addExtension(audio())).toThrow(/MuLaw exists in domain "example.audio" already/);
    expect(() => core.addExtension({ ops: [{ ...MuLaw, domain: undefined }] })).toThrow(/needs a domain of its own/);
    expect(() => core.addExtension(audio('/no/such/library.so'))).toThrow(/MuLaw exists/);
    const fresh = new Core({ plugins: [cpu()], frontends: [] });
    fresh.addExtension(audio('/no/such/library.so'));
    expect(() => fresh.compileModelSync(model(), 'CPU')).toThrow(/PLUGIN_LOAD_FAILED.*no\/such\/library/s);
  });

  it('run on CPU by a kernel of a library in C', async () => {
    const core = coreWith(library());
    const compiled = await check(core, model(), 'CPU');
    expect(compiled.getProperty('EXECUTION_DEVICES')).toEqual(['CPU', 'REFERENCE']); // Loudness has no kernel
    const g = builder();
    const x = g.parameter('f32', '?', 'x');
    const alone = new Model({
      name: 'alone',
      parameters: [x.node],
      results: [g.result(g.node(MuLaw, [x], { mu: 100 })[0]!)],
      scope: g.scope,
    });
    const on = await core.compileModel(alone, 'CPU');
    expect(on.getProperty('EXECUTION_DEVICES')).toEqual(['CPU']);
    const many = Float32Array.from({ length: 10_000 }, (_, i) => i / 10_000 - 0.5);
    const [output] = Object.values(on.createInferRequest().infer([new Tensor('f32', [many.length], many)]));
    const got = output!.data as Float32Array;
    many.forEach((v, i) => expect(Math.abs((got[i] as number) - Math.sign(v) * law(Math.abs(v)))).toBeLessThan(1e-6));
    const h = builder();
    const d = h.parameter('f64', '?', 'd');
    const wide = new Model({ name: 'wide', parameters: [d.node], results: [h.result(h.node(MuLaw, [d], {})[0]!)], scope: h.scope });
    const request = (await core.compileModel(wide, 'CPU')).createInferRequest();
    expect(() => request.infer([new Tensor('f64', [1])])).toThrow(/its kernel failed: samples must be f32/);
  });
});
