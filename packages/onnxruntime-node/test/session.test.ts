/** The classes of onnxruntime-common over Cuvée: feeds, fetches, metadata, options, errors, life. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import auto from '@cuvee/auto';
import hetero from '@cuvee/hetero';
import { Core } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import { createBackend } from '@cuvee/onnxruntime-web/backend';
import { cpu } from '@cuvee/plugin-cpu';
import reference from '@cuvee/plugin-reference';
import { InferenceSession, registerBackend, Tensor } from 'onnxruntime-common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { heavy, identity, plusOne, sumAndProduct, withExternalData } from './models.js';

let device: string | undefined;
const backend = createBackend({
  core: () => new Core({ plugins: [cpu(), reference(), auto(), hetero()], frontends: [onnx()] }),
  device: () => device,
  fallback: 'HETERO:CPU,REFERENCE',
});
for (const name of ['cpu', 'webgpu', 'cuvee']) registerBackend(name, backend, name === 'cpu' ? 100 : -1);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cuvee-ort-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const f32 = (values: readonly number[], dims: readonly number[]): Tensor => new Tensor('float32', Float32Array.from(values), dims);
const one = f32([1, 2, 3, 4], [1, 4]);
const numbers = (tensor: Tensor | undefined): number[] => Array.from(tensor?.data as Float32Array, Number);

describe('create', () => {
  test('from bytes, an ArrayBuffer with offset, a SharedArrayBuffer and a path', async () => {
    const bytes = plusOne();
    const padded = new Uint8Array(bytes.length + 16);
    padded.set(bytes, 8);
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    const path = join(folder, 'plus.onnx');
    writeFileSync(path, bytes);
    for (const session of [
      await InferenceSession.create(bytes),
      await InferenceSession.create(padded.buffer, 8, bytes.length),
      await InferenceSession.create(shared),
      await InferenceSession.create(path),
    ]) {
      const { y } = await session.run({ x: one });
      expect(numbers(y)).toEqual([2, 3, 4, 5]);
      expect(y).toBeInstanceOf(Tensor);
      await session.release();
    }
  });

  test('the bytes may be overwritten afterwards', async () => {
    const bytes = plusOne();
    const session = await InferenceSession.create(bytes);
    bytes.fill(0xff);
    expect(numbers((await session.run({ x: one })).y)).toEqual([2, 3, 4, 5]);
  });

  test('external data beside a path, and as bytes, Blob and path beside a buffer', async () => {
    const { bytes, weights } = withExternalData();
    const path = join(folder, 'external.onnx');
    const weightsPath = join(folder, 'weights.bin');
    writeFileSync(path, bytes);
    writeFileSync(weightsPath, weights);
    const externals = [weights, weights.buffer as ArrayBuffer, new Blob([weights as Uint8Array<ArrayBuffer>]), weightsPath].map((data) => ({
      externalData: [{ path: './weights.bin', data }],
    }));
    const sessions = [
      InferenceSession.create(path),
      ...externals.map((options) => InferenceSession.create(bytes, options as InferenceSession.SessionOptions)),
    ];
    for (const session of await Promise.all(sessions)) expect(numbers((await session.run({ x: one })).y)).toEqual([2, 4, 6, 8]);
    await expect(InferenceSession.create(bytes)).rejects.toThrow(/external data/);
    await expect(InferenceSession.create(bytes, { externalData: [{ path: 'other.bin', data: weights }] })).rejects.toThrow(
      /"weights.bin" is not among those given: "other.bin"/,
    );
  });

  test('what is no model, and what is not there', async () => {
    await expect(InferenceSession.create(new Uint8Array([1, 2, 3, 4]))).rejects.toThrow(/MODEL_INVALID/);
    await expect(InferenceSession.create(join(folder, 'absent.onnx'))).rejects.toThrow(/FILE_NOT_FOUND/);
  });

  test('options without meaning here are taken silently', async () => {
    const session = await InferenceSession.create(plusOne(), {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      enableCpuMemArena: true,
      enableMemPattern: true,
      logSeverityLevel: 3,
      logId: 'x',
      extra: { session: { use_env_allocators: '1' } },
      preferredOutputLocation: 'cpu',
    });
    expect(numbers((await session.run({ x: one })).y)).toEqual([2, 3, 4, 5]);
  });
});

describe('metadata', () => {
  test('names, types and symbols as the file has them', async () => {
    const session = await InferenceSession.create(plusOne());
    expect(session.inputNames).toEqual(['x']);
    expect(session.outputNames).toEqual(['y']);
    expect(session.inputMetadata).toEqual([{ name: 'x', isTensor: true, type: 'float32', shape: ['batch', 4] }]);
    expect(session.outputMetadata).toEqual([{ name: 'y', isTensor: true, type: 'float32', shape: ['batch', 4] }]);
  });

  test('freeDimensionOverrides fixes named dimensions', async () => {
    const session = await InferenceSession.create(plusOne(), { freeDimensionOverrides: { batch: 2, other: 7 } });
    expect(session.inputMetadata[0]).toMatchObject({ shape: [2, 4] });
    expect(numbers((await session.run({ x: f32([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]) })).y)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    await expect(session.run({ x: one })).rejects.toThrow(/SHAPE_MISMATCH/);
  });
});

describe('element types', () => {
  const cases: readonly [type: string, code: number, data: Tensor.DataTypeMap[keyof Tensor.DataTypeMap], count: number][] = [
    ['float32', 1, Float32Array.of(1.5, -2, 3), 3],
    ['uint8', 2, Uint8Array.of(1, 2, 255), 3],
    ['int8', 3, Int8Array.of(1, -2, -128), 3],
    ['uint16', 4, Uint16Array.of(1, 65535), 2],
    ['int16', 5, Int16Array.of(1, -32768), 2],
    ['int32', 6, Int32Array.of(1, -(2 ** 31)), 2],
    ['int64', 7, BigInt64Array.of(1n, -(2n ** 63n)), 2],
    ['string', 8, ['a', 'Ünï', ''], 3],
    ['bool', 9, Uint8Array.of(1, 0, 1), 3],
    ['float16', 10, Uint16Array.of(0x3c00, 0xc000), 2],
    ['float64', 11, Float64Array.of(1e300, -1), 2],
    ['uint32', 12, Uint32Array.of(1, 2 ** 32 - 1), 2],
    ['uint64', 13, BigUint64Array.of(1n, 2n ** 64n - 1n), 2],
    ['uint4', 21, Uint8Array.of(0x21, 0x03), 3],
    ['int4', 22, Uint8Array.of(0xf1, 0x08), 3],
  ];
  test.each(cases)('%s', async (type, code, data, count) => {
    const session = await InferenceSession.create(identity(code));
    expect(session.inputMetadata[0]).toMatchObject({ type, shape: ['n'] });
    const { y } = await session.run({ x: new Tensor(type as 'float32', data as Float32Array, [count]) });
    expect(y).toMatchObject({ type, dims: [count] });
    expect(Array.from(y?.data as Float32Array)).toEqual(Array.from(data as Float32Array));
  });
});

describe('run', () => {
  test('fetches: all, by name, and into given tensors', async () => {
    const session = await InferenceSession.create(sumAndProduct());
    const feeds = { a: f32([1, 2], [2]), b: f32([3, 4], [2]) };
    expect(Object.keys(await session.run(feeds))).toEqual(['sum', 'product']);
    expect(Object.keys(await session.run(feeds, ['product']))).toEqual(['product']);
    const mine = f32([0, 0], [2]);
    const results = await session.run(feeds, { product: mine, sum: null });
    expect(results.product).toBe(mine);
    expect(numbers(mine)).toEqual([3, 8]);
    expect(numbers(results.sum)).toEqual([4, 6]);
    await session.run({ a: f32([5, 5], [2]), b: f32([1, 1], [2]) });
    expect(numbers(mine)).toEqual([3, 8]);
    await expect(session.run(feeds, { product: f32([0], [1]) })).rejects.toThrow(/SHAPE_MISMATCH.*\[2\].*\[1\]/);
    await expect(session.run(feeds, { product: new Tensor('int32', [0, 0], [2]) })).rejects.toThrow(/TYPE_MISMATCH/);
  });

  test('results are the caller’s: a later run leaves them alone', async () => {
    const session = await InferenceSession.create(plusOne());
    const { y } = await session.run({ x: one });
    await session.run({ x: f32([9, 9, 9, 9], [1, 4]) });
    expect(numbers(y)).toEqual([2, 3, 4, 5]);
  });

  test('feeds of another copy of the Tensor class, views and further names', async () => {
    const session = await InferenceSession.create(plusOne());
    const plain = { type: 'float32', data: new Float32Array([0, 1, 2, 3, 4]).subarray(1), dims: [1, 4] };
    expect(numbers((await session.run({ x: plain as unknown as Tensor, unused: one })).y)).toEqual([2, 3, 4, 5]);
  });

  test('wrong feeds: the message names the input', async () => {
    const session = await InferenceSession.create(plusOne());
    await expect(session.run({})).rejects.toThrow(/input 'x' is missing/);
    await expect(session.run({ x: new Tensor('int32', [1, 2, 3, 4], [1, 4]) })).rejects.toThrow(/input "x" is f32/);
    await expect(session.run({ x: f32([1, 2], [2]) })).rejects.toThrow(/input "x" is \[\?,4\]/);
    await expect(session.run({ x: 3 as unknown as Tensor })).rejects.toThrow(/input "x" must be a Tensor, got number/);
    const elsewhere = { type: 'float32', dims: [1, 4], location: 'gpu-buffer' } as unknown as Tensor;
    await expect(session.run({ x: elsewhere })).rejects.toThrow(/gpu-buffer/);
    expect(numbers((await session.run({ x: one })).y)).toEqual([2, 3, 4, 5]);
  });

  test('terminate', async () => {
    const session = await InferenceSession.create(plusOne());
    await expect(session.run({ x: one }, { terminate: true })).rejects.toThrow(/terminate/);
  });

  test('many at once, each with its own answer', async () => {
    const session = await InferenceSession.create(plusOne());
    const runs = Array.from({ length: 50 }, (_, i) =>
      session.run({
        x: f32(
          Array.from({ length: 4 * (1 + (i % 3)) }, () => i),
          [1 + (i % 3), 4],
        ),
      }),
    );
    for (const [i, { y }] of (await Promise.all(runs)).entries()) {
      expect(y?.dims).toEqual([1 + (i % 3), 4]);
      expect(new Set(numbers(y))).toEqual(new Set([i + 1]));
    }
  });

  test('the event loop turns while a model runs', async () => {
    const session = await InferenceSession.create(heavy(512, 24));
    const x = f32(
      Array.from({ length: 512 * 512 }, (_, i) => i % 7),
      [512, 512],
    );
    await session.run({ x });
    const histogram = monitorEventLoopDelay({ resolution: 1 });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    histogram.enable();
    const began = performance.now();
    for (let i = 0; i < 5; i++) await session.run({ x });
    const whole = performance.now() - began;
    histogram.disable();
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    expect(histogram.max / 1e6).toBeLessThan(Math.max(20, whole / 2));
  });
});

describe('placement', () => {
  test('a provider whose device is absent gives way to the next', async () => {
    const session = await InferenceSession.create(plusOne(), { executionProviders: ['webgpu', 'cpu'] });
    expect(numbers((await session.run({ x: one })).y)).toEqual([2, 3, 4, 5]);
    await expect(InferenceSession.create(plusOne(), { executionProviders: ['webgpu'] })).rejects.toThrow(
      /no installed package provides a GPU device/,
    );
  });

  test('device and properties of our own in a provider’s options, and from outside', async () => {
    const with_ = (cuvee: object): InferenceSession.SessionOptions => ({
      executionProviders: [{ name: 'cpu', cuvee } as { name: string }],
    });
    for (const chosen of ['REFERENCE', 'AUTO', 'AUTO:REFERENCE,CPU']) {
      const session = await InferenceSession.create(plusOne(), with_({ device: chosen }));
      expect(numbers((await session.run({ x: one })).y)).toEqual([2, 3, 4, 5]);
    }
    await expect(InferenceSession.create(plusOne(), with_({ device: 'NOWHERE' }))).rejects.toThrow(/DEVICE_NOT_FOUND/);
    await expect(InferenceSession.create(plusOne(), with_({ config: { NUM_STREEMS: 1 } }))).rejects.toThrow(/NUM_STREAMS/);
    device = 'NOWHERE';
    try {
      await expect(InferenceSession.create(plusOne())).rejects.toThrow(/no plugin provides device NOWHERE/);
    } finally {
      device = undefined;
    }
  });
});

describe('life', () => {
  test('after release a run is refused, a waiting one fails, and releasing again is harmless', async () => {
    const session = await InferenceSession.create(heavy(256, 8));
    const x = f32(new Array<number>(256 * 64).fill(1), [64, 256]);
    const pending = Array.from({ length: 4 }, () =>
      session.run({ x }).then(
        () => 'ran',
        (error: Error) => error.message,
      ),
    );
    await session.release();
    await session.release();
    for (const outcome of await Promise.all(pending)) expect(outcome).toMatch(/ran|released|CANCELLED/);
    await expect(session.run({ x })).rejects.toThrow(/released/);
  });

  test('a profile is written when asked for', async () => {
    const prefix = join(folder, 'trace_');
    const session = await InferenceSession.create(plusOne(), { enableProfiling: true, profileFilePrefix: prefix });
    session.startProfiling();
    await session.run({ x: one });
    session.endProfiling();
    const [written] = readdirSync(folder).filter((name) => name.startsWith('trace_'));
    const events = JSON.parse(readFileSync(join(folder, written as string), 'utf8')) as { cat: string; dur: number; args: object }[];
    expect(events.filter(({ cat }) => cat === 'Session')).toHaveLength(1);
    expect(events.filter(({ cat }) => cat === 'Node').length).toBeGreaterThan(0);
    await session.release();
    expect(readdirSync(folder).filter((name) => name.startsWith('trace_'))).toHaveLength(1);
  });
});
