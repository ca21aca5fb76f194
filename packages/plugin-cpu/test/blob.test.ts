/** Compiled models as bytes: what comes back runs the same; what is damaged, of another version or another processor is refused. */
import { deepStrictEqual } from 'node:assert';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { builder, Core, CuveeError, Model, saveModelSync, Tensor } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { readBlob } from '../src/blob.js';
import { loadNative } from '../src/native.js';

const core = new Core({ plugins: [cpu()] });
const folder = mkdtempSync(join(tmpdir(), 'cuvee-blob-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 101 - 0.5);
type Made = { readonly model: Model; readonly inputs: readonly Tensor[] };

/** Convolution over any size, with constants large enough for a prologue. */
function network(): Made {
  const g = builder();
  const x = g.parameter('f32', '?,8,?,?', 'x');
  x.names = ['x'];
  const weights = g.multiply(g.constant('f32', [64, 512, 3, 3], numbers(64 * 512 * 9)), g.constant('f32', [64, 1, 1, 1], numbers(64)));
  const options = { strides: [1, 1], pads_begin: [1, 1], pads_end: [1, 1], dilations: [1, 1] };
  const wide = g.relu(g.convolution(x, g.constant('f32', [512, 8, 3, 3], numbers(512 * 72)), options));
  const y = g.convolution(wide, weights, options);
  y.names = ['y', 'also'];
  const model = new Model({ name: 'network', parameters: [x.node], results: [g.result(y)], scope: g.scope });
  return { model, inputs: [new Tensor('f32', [1, 8, 5, 7], numbers(280))] };
}
/** `sum += x`, in a state. */
function accumulator(): Made {
  const g = builder();
  const x = g.parameter('f32', '2', 'x');
  const state = g.readValue(g.constant('f32', [2], [10, 20]), { variable_id: 's', variable_type: 'f32', variable_shape: '2' });
  const sum = g.add(x, state);
  const assign = g.assign(sum, { variable_id: 's' });
  const model = new Model({ name: 'accumulator', parameters: [x.node], results: [g.result(sum)], sinks: [assign.node], scope: g.scope });
  return { model, inputs: [new Tensor('f32', [2], Float32Array.of(1, 2))] };
}
/** Infinities and 64-bit integers as constants of steps. */
function extremes(): Made {
  const g = builder();
  const x = g.parameter('i64', '?', 'x');
  const big = g.add(x, g.constant('i64', [], [2n ** 62n]));
  const f = g.clamp(g.convert(x, { destination_type: 'f32' }), { min: -Infinity, max: 3.5 });
  const model = new Model({ name: 'extremes', parameters: [x.node], results: [g.result(big), g.result(f)], scope: g.scope });
  return { model, inputs: [new Tensor('i64', [3], BigInt64Array.of(-5n, 0n, 9n))] };
}

/** Constants of 18 MB, which core leaves in their file. */
function wideMatrix(): Made {
  const g = builder();
  const x = g.parameter('f32', '1,4096', 'x');
  const y = g.matMul(x, g.constant('f32', [4096, 1100], numbers(4096 * 1100)));
  return {
    model: new Model({ name: 'wide', parameters: [x.node], results: [g.result(y)], scope: g.scope }),
    inputs: [new Tensor('f32', [1, 4096], numbers(4096))],
  };
}

/** A rank that only the inputs tell: a plan for each set of input shapes. */
function ranks(): Made {
  const g = builder();
  const x = g.parameter('f32', '?,?,?', 'x');
  const axes = g.parameter('i64', '?', 'axes');
  const y = g.reduceSum(g.squeeze(x, axes), g.constant('i64', [1], [0n]), { keep_dims: false });
  const model = new Model({ name: 'ranks', parameters: [x.node, axes.node], results: [g.result(y)], scope: g.scope });
  return { model, inputs: [new Tensor('f32', [1, 2, 3], numbers(6)), new Tensor('i64', [1], BigInt64Array.of(0n))] };
}

const outputsOf = (compiled: ReturnType<Core['compileModelSync']>, inputs: readonly Tensor[]) => {
  const request = compiled.createInferRequest();
  return [1, 2].map(() =>
    Object.entries(request.infer(inputs)).map(([name, t]) => [name, t.type, t.getShape(), [...(t.data as Float32Array)]]),
  );
};
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CuveeError ? error.code : String(error);
  }
  return 'nothing thrown';
};

describe('a compiled model as bytes', () => {
  it.each([
    ['a network with dynamic sizes and a prologue', network],
    ['a state', accumulator],
    ['infinities and wide integers', extremes],
    ['ranks that only inputs tell', ranks],
  ])('%s runs the same after export and import', async (_what, make) => {
    const { model, inputs } = make();
    const compiled = core.compileModelSync(model, 'CPU');
    const wanted = outputsOf(compiled, inputs);
    const blob = compiled.exportModelSync();
    expect(Buffer.isBuffer(blob)).toBe(true);
    deepStrictEqual(await compiled.exportModel(), blob);
    const tensor = new Tensor('u8', [blob.length], new Uint8Array(blob));
    for (const again of [core.importModelSync(blob, 'CPU'), await core.importModel(tensor, 'CPU', { NUM_STREAMS: 1, PERF_COUNT: true })]) {
      deepStrictEqual(outputsOf(again, inputs), wanted);
      expect(again.inputs.map((v) => [v.anyName, v.elementType, String(v.partialShape)])).toEqual(
        compiled.inputs.map((v) => [v.anyName, v.elementType, String(v.partialShape)]),
      );
      expect(again.getProperty('NETWORK_NAME')).toBe(model.name);
      expect(again.explain().rows.map((r) => r.op)).toEqual(compiled.explain().rows.map((r) => r.op));
      // What was imported can be exported again.
      deepStrictEqual(again.exportModelSync(), blob);
      again.release();
    }
  });

  it('does not need the memory that it came in, save to be exported again', () => {
    const { model, inputs } = network();
    const compiled = core.compileModelSync(model, 'CPU');
    const wanted = outputsOf(compiled, inputs);
    const blob = compiled.exportModelSync();
    const again = core.importModelSync(blob, 'CPU', { PERF_COUNT: true });
    blob.fill(0xff);
    deepStrictEqual(outputsOf(again, inputs), wanted);
    expect(again.explain().rows.map((r) => r.op)).toEqual(compiled.explain().rows.map((r) => r.op));
    expect(() => again.exportModelSync()).toThrow('written to since');
    expect(codeOf(() => again.exportModelSync())).toBe('MODEL_INVALID');
  });

  it('nor where plans are made as inputs come', () => {
    const g = builder();
    const x = g.parameter('f32', '?,?', 'x');
    const axes = g.parameter('i64', '?', 'axes');
    const y = g.add(g.unsqueeze(x, axes), g.constant('f32', [300], numbers(300)));
    const model = new Model({ name: 'ranks', parameters: [x.node, axes.node], results: [g.result(y)], scope: g.scope });
    const blob = core.compileModelSync(model, 'CPU').exportModelSync();
    const again = core.importModelSync(blob, 'CPU');
    blob.fill(0xff);
    const inputs = [new Tensor('f32', [1, 300], numbers(300)), new Tensor('i64', [1], BigInt64Array.of(0n))];
    deepStrictEqual(outputsOf(again, inputs), outputsOf(core.compileModelSync(model, 'CPU'), inputs));
  });

  it('every name of an output is still one', () => {
    const again = core.importModelSync(core.compileModelSync(network().model, 'CPU').exportModelSync(), 'CPU');
    expect([again.output('y').anyName, again.output('also').anyName]).toEqual(['y', 'y']);
  });

  it('errors still name the node and its sizes', () => {
    const again = core.importModelSync(core.compileModelSync(network().model, 'CPU').exportModelSync(), 'CPU');
    const request = again.createInferRequest();
    expect(codeOf(() => request.infer([new Tensor('f32', [1, 7, 5, 5])]))).toBe('SHAPE_MISMATCH');
  });

  it.each([
    ['small', network],
    ['large', wideMatrix],
  ])('constants of a %s file are read again from it, unless it changed', (name, make) => {
    const path = join(folder, `${name}.xml`);
    const { model, inputs } = make();
    saveModelSync(model, path, false);
    const compiled = core.compileModelSync(path, 'CPU');
    const wanted = outputsOf(compiled, inputs);
    deepStrictEqual(outputsOf(core.importModelSync(compiled.exportModelSync(), 'CPU'), inputs), wanted);
    utimesSync(join(folder, `${name}.bin`), new Date(0), new Date(0));
    expect(codeOf(() => compiled.exportModelSync())).toBe('FILE_NOT_FOUND');
    deepStrictEqual(outputsOf(compiled, inputs), wanted);
  });

  it('a blob with any damage is refused, and says so', () => {
    const blob = core.compileModelSync(accumulator().model, 'CPU').exportModelSync();
    let seed = 7;
    const random = (n: number): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;
    for (let i = 0; i < 1000; i++) {
      const damaged = new Uint8Array(blob);
      const at = random(blob.length);
      if (i % 4 === 0) damaged[at] = (damaged[at] as number) ^ (1 << random(8));
      else if (i % 4 === 1) damaged.fill(255, at, at + 64);
      else if (i % 4 === 2) damaged.fill(0, at, at + 16);
      const given = i % 4 === 3 ? damaged.subarray(0, at) : damaged;
      if (Buffer.compare(given, blob) !== 0) expect(codeOf(() => core.importModelSync(given, 'CPU'))).toBe('MODEL_INVALID');
    }
    expect(() => core.importModelSync(new Uint8Array(0), 'CPU')).toThrow('is not one that device CPU exported');
    expect(() => core.importModelSync(blob.subarray(0, blob.length - 1), 'CPU')).toThrow('compile it again');
  });

  it('a blob of another version or another processor is refused', () => {
    const blob = core.compileModelSync(accumulator().model, 'CPU').exportModelSync();
    const native = loadNative();
    if ('absent' in native) return expect.fail(native.absent);
    const { isa, block } = native.addon.info();
    expect(() => readBlob(blob, '9.9.9', { name: isa, block })).toThrow('is of version 0.1.0, this is 9.9.9');
    expect(() => readBlob(blob, '0.1.0', { name: 'other', block })).toThrow(`is for the instruction set ${isa}, this process has other`);
    return undefined;
  });
});
