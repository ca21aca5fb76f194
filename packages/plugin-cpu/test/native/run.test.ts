import { describe, expect, it } from 'vitest';
import { addon, arena, bytesOf, chain, copy, dim, element, f32, floats, input, load, output, plan, tensor, weight } from './plans.js';
import { encodePlan } from '../../src/plan/encode.js';
import { NativeModel } from '../../src/native.js';

describe('the executor runs copies', () => {
  it('from input to output, for every shape', () => {
    const request = load(chain(3)).createRequest();
    for (const [n, m] of [
      [2, 3],
      [4, 1],
      [2, 3],
      [0, 5],
      [7, 9],
    ] as const) {
      const x = floats(n * m, 10);
      const [y] = request.runSync([{ data: x, dims: [n, m] }]);
      expect(y?.dims).toEqual([n, m]);
      expect(f32(y)).toEqual([...x]);
    }
  });

  it('into memory given by the caller', () => {
    const request = load(chain(1)).createRequest();
    const x = floats(6),
      y = new Float32Array(6);
    const [out] = request.runSync([{ data: x, dims: [2, 3] }], [y]);
    expect(out?.buffer).toBeUndefined();
    expect([...y]).toEqual([...x]);
    // Memory of another size is not used.
    expect(f32(request.runSync([{ data: x, dims: [3, 2] }], [new Float32Array(7)])[0])).toEqual([...x]);
    // Nor is the input's own, as long as steps read it.
    request.runSync([{ data: x, dims: [2, 3] }], [x]);
    expect([...x]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('in memory that stays where it is until it must grow', () => {
    const request = load(chain(1)).createRequest();
    const [a] = request.runSync([{ data: floats(4), dims: [2, 2] }]);
    const [b] = request.runSync([{ data: floats(4, 5), dims: [4, 1] }]);
    expect(b?.buffer).toBe(a?.buffer);
    const [c] = request.runSync([{ data: floats(40_000), dims: [200, 200] }]);
    expect(c?.buffer).not.toBe(a?.buffer);
    expect(f32(a)).toEqual([5, 6, 7, 8]); // old memory stays readable
  });

  it('as copies where external buffers are forbidden', () => {
    const request = load(chain(1), { copyOutputs: true }).createRequest();
    const [a] = request.runSync([{ data: floats(4), dims: [2, 2] }]);
    const [b] = request.runSync([{ data: floats(4, 5), dims: [2, 2] }]);
    expect(a?.buffer).not.toBe(b?.buffer);
    expect(f32(a)).toEqual([0, 1, 2, 3]);
    expect(b?.buffer?.byteLength).toBe(16);
  });

  it('asynchronously, many at a time', async () => {
    const model = load(chain(2));
    const requests = Array.from({ length: 8 }, () => model.createRequest());
    for (let round = 0; round < 20; round++) {
      const outs = await Promise.all(requests.map((r, i) => r.run([{ data: floats(6, i * round), dims: [3, 2] }])));
      outs.forEach(([y], i) => expect(f32(y)).toEqual([...floats(6, i * round)]));
    }
  });

  it('on several streams', async () => {
    const model = load(chain(2), { threads: 2, streams: 2 });
    expect(model.details).toMatchObject({ threads: 2, streams: 2 });
    const requests = Array.from({ length: 6 }, () => model.createRequest());
    const outs = await Promise.all(requests.map((r, i) => r.run([{ data: floats(6, i), dims: [3, 2] }])));
    outs.forEach(([y], i) => expect(f32(y)).toEqual([...floats(6, i)]));
  });
});

describe('views and outputs', () => {
  it('a view shows a part of its base, and keeps it alive', () => {
    // x [6] -> a; v = a[2..6] (register 2 = byte offset 8, register 1 = 4 elements) -> y
    const p = plan({
      tensors: [
        tensor(input(0), [0]),
        tensor(arena, [0]),
        tensor({ kind: 'view', of: 1, offset: 2 }, [1]),
        tensor(arena, [0]),
        tensor(output(0), [1]),
        tensor(input(1), [3], 'i64', 'sizes'),
      ],
      inputs: [0, 5],
      outputs: [4],
      levels: [[copy(0, 1), copy(0, 3), copy(2, 4)]],
      bindings: [[dim(0, 0, 0), element(5, 0, 1), element(5, 1, 2), dim(5, 0, 3)]],
    });
    const request = load(p).createRequest();
    const sizes = (n: bigint, offset: bigint) => ({ data: BigInt64Array.from([n, offset]), dims: [2] });
    expect(f32(request.runSync([{ data: floats(6), dims: [6] }, sizes(4n, 8n)])[0])).toEqual([2, 3, 4, 5]);
    expect(f32(request.runSync([{ data: floats(6), dims: [6] }, sizes(1n, 20n)])[0])).toEqual([5]);
    for (const [n, offset] of [
      [4n, 12n],
      [1n, -4n],
      [1n, 2n],
      [-1n, 0n],
      [1n << 41n, 0n],
    ] as const) {
      expect(() => request.runSync([{ data: floats(6), dims: [6] }, sizes(n, offset)])).toThrow(/SHAPE_MISMATCH/);
    }
  });

  it('an input, a constant or another output as output is copied', () => {
    const w = floats(3, 7);
    const p = plan({
      tensors: [tensor(input(0), [0]), tensor(weight(0), [0]), tensor(output(2), [0])],
      inputs: [0],
      outputs: [0, 1, 2, 2],
      levels: [[copy(1, 2)]],
      bindings: [[dim(0, 0, 0)]],
      weights: [{ source: { kind: 'bytes', bytes: bytesOf(w) }, type: 'f32' }],
    });
    const request = load(p).createRequest();
    const x = floats(3);
    const outs = request.runSync([{ data: x, dims: [3] }]);
    expect(outs.map(f32)).toEqual([
      [0, 1, 2],
      [7, 8, 9],
      [7, 8, 9],
      [7, 8, 9],
    ]);
    x.fill(1);
    expect(f32(outs[0])).toEqual([0, 1, 2]);
    const given = [new Float32Array(3), new Float32Array(3), new Float32Array(3), new Float32Array(3)];
    request.runSync([{ data: x, dims: [3] }], given);
    expect(given.map((g) => [...g])).toEqual([
      [1, 1, 1],
      [7, 8, 9],
      [7, 8, 9],
      [7, 8, 9],
    ]);
    expect(() => request.runSync([{ data: floats(4), dims: [4] }])).toThrow(/MODEL_INVALID/); // the constant has 3 elements
  });
});

describe('failures are CuveeErrors', () => {
  const model = load(chain(1));
  it('of arguments', () => {
    const request = model.createRequest();
    expect(() => request.runSync([])).toThrow(/ARGUMENT_INVALID.*1 inputs/);
    expect(() => request.runSync([{ data: floats(5), dims: [2, 3] }])).toThrow(/TYPE_MISMATCH.*"x".*\[2,3\].*20 bytes/);
    expect(() => request.runSync([{ data: floats(6), dims: [2, 3, 1] }])).toThrow(/ARGUMENT_INVALID/);
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 41])
      expect(() => request.runSync([{ data: floats(6), dims: [2, bad] }])).toThrow(/ARGUMENT_INVALID/);
    expect(() => request.runSync([{ data: 'text' as unknown as Float32Array, dims: [2, 3] }])).toThrow(/ARGUMENT_INVALID/);
    expect(() => request.runSync([{ data: floats(1), dims: [2 ** 30, 2 ** 30] }])).toThrow(/TYPE_MISMATCH/);
    const detached = floats(6);
    structuredClone(detached.buffer, { transfer: [detached.buffer as ArrayBuffer] });
    expect(() => request.runSync([{ data: detached, dims: [2, 3] }])).toThrow(/TYPE_MISMATCH/);
    expect(f32(request.runSync([{ data: floats(6), dims: [2, 3] }])[0])).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('of busy and released requests', async () => {
    const request = model.createRequest();
    const pending = request.run([{ data: floats(6), dims: [2, 3] }]);
    expect(() => request.runSync([{ data: floats(6), dims: [2, 3] }])).toThrow(/BUSY/);
    await expect(request.run([{ data: floats(6), dims: [2, 3] }])).rejects.toMatchObject({ code: 'BUSY' });
    request.release();
    expect(f32((await pending)[0])).toEqual([0, 1, 2, 3, 4, 5]);
    expect(() => request.runSync([{ data: floats(6), dims: [2, 3] }])).toThrow(/released/);
    request.release();
  });

  it('of memory, before it is taken', () => {
    const small = load(chain(3), { memoryLimit: 1 << 20 }).createRequest();
    expect(f32(small.runSync([{ data: floats(6), dims: [2, 3] }])[0])).toHaveLength(6);
    let error: unknown;
    try {
      small.runSync([{ data: floats(1 << 19), dims: [1 << 10, 1 << 9] }]);
    } catch (e) {
      error = e;
    }
    expect(error).toMatchObject({ code: 'OUT_OF_MEMORY', op: 'Op' });
    expect((error as Error).message).toMatch(/copy\.\d.*bytes/);
    expect(f32(small.runSync([{ data: floats(6), dims: [2, 3] }])[0])).toHaveLength(6);
  });
});

describe('plans are checked', () => {
  const { bytes } = encodePlan(chain(2));
  it('every truncation is refused', () => {
    for (let n = 0; n < bytes.length; n++) expect(() => new NativeModel(addon, bytes.slice(0, n), []), String(n)).toThrow(/MODEL_INVALID/);
  });
  it('every changed byte is refused or harmless', () => {
    for (let i = 0; i < bytes.length; i++) {
      for (const change of [1, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[i] = (damaged[i] as number) ^ change;
        try {
          const request = new NativeModel(addon, damaged, [], { threads: 1, memoryLimit: 1 << 28 }).createRequest();
          request.runSync([{ data: floats(6), dims: [2, 3] }]);
        } catch (error) {
          expect(error).toHaveProperty('code');
        }
      }
    }
  });
  it('what is read before it is written, or written though constant, is refused', () => {
    const base = { inputs: [0], outputs: [1], bindings: [[dim(0, 0, 0)]] };
    const tensors = [tensor(input(0), [0]), tensor(output(0), [0]), tensor(arena, [0])];
    expect(() => load(plan({ ...base, tensors, levels: [[copy(2, 1)]] }))).toThrow(/read before it is written/);
    expect(() => load(plan({ ...base, tensors, levels: [[copy(0, 2)]] }))).toThrow(/output that nothing writes/);
    expect(() => load(plan({ ...base, tensors, levels: [[copy(0, 1), copy(1, 0)]] }))).toThrow(/cannot be written/);
    const loop = [...tensors, tensor({ kind: 'view', of: 4, offset: -1 }, [0]), tensor({ kind: 'view', of: 3, offset: -1 }, [0])];
    expect(() => load(plan({ ...base, tensors: loop, levels: [[copy(0, 3), copy(3, 1)]] }))).toThrow(/view of itself/);
    expect(() => load(plan({ ...base, tensors, levels: [[copy(0, 1), { ...copy(0, 2), family: 'nonsense' }]] }))).toThrow(
      /MODEL_UNSUPPORTED.*nonsense/,
    );
  });
});
