import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shape } from '@cuvee/core';
import { afterAll, describe, expect, it } from 'vitest';
import { arena, bytesOf, chain, copy, dim, f32, floats, input, load, output, plan, step, tensor, weight } from './plans.js';
import type { PlanWeight } from '../../src/plan/plan.js';

/** A shape program of constants only: registers 0 … hold the numbers. */
const constants = (...numbers: number[]): Uint8Array =>
  shape.assemble({
    registers: numbers.length,
    constants: numbers,
    symbols: [],
    code: new Uint8Array(0),
    guards: [],
    levels: [{ symbols: [0, 0], code: [0, 0], guards: [0, 0] }],
    roots: [],
    owners: [],
  });
const inMemory = (a: ArrayBufferView): PlanWeight => ({ type: 'f32', source: { kind: 'bytes', bytes: bytesOf(a) } });

describe('states', () => {
  const fields = {
    inputs: [0],
    outputs: [1],
    bindings: [[dim(0, 0, 0), dim(2, 0, 1)]],
    levels: [[copy(2, 1), copy(0, 3)]],
  };
  const tensors = [
    tensor(input(0), [0], 'f32', 'x'),
    tensor(output(0), [1], 'f32', 'y'),
    tensor({ kind: 'state', index: 0 }, [1], 'f32', 's'),
    tensor(arena, [0], 'f32', 'next'),
  ];
  const state = { name: 'cache', type: 'f32', read: 2, write: 3, shape: '[?]' } as const;

  it('keep what the last run wrote, of any size', () => {
    const model = load(plan({ ...fields, tensors, states: [state] }));
    const request = model.createRequest(),
      other = model.createRequest();
    const run = (x: Float32Array) => f32(request.runSync([{ data: x, dims: [x.length] }])[0]);
    expect(run(floats(3, 1))).toEqual([]);
    expect(run(floats(2, 7))).toEqual([1, 2, 3]);
    expect(run(floats(500))).toEqual([7, 8]);
    expect(run(floats(1))).toEqual([...floats(500)]);
    expect(f32(other.runSync([{ data: floats(1), dims: [1] }])[0])).toEqual([]);
    expect(request.getState(0)).toMatchObject({ dims: [1] });
    request.setState(0, [2], floats(2, 40));
    expect(run(floats(1))).toEqual([40, 41]);
    expect(() => request.setState(0, [3], floats(2))).toThrow(/SHAPE_MISMATCH.*cache/);
    expect(() => request.setState(1, [2], floats(2))).toThrow(/no such state/);
    request.resetState(0);
    expect(run(floats(1))).toEqual([]);
  });

  it('may be written from an input or an output', () => {
    for (const write of [0, 1]) {
      const request = load(plan({ ...fields, tensors, states: [{ ...state, write, shape: '[2]' }] })).createRequest();
      const run = (x: Float32Array) => f32(request.runSync([{ data: x, dims: [x.length] }])[0]);
      expect(run(floats(3, 1))).toEqual([0, 0]);
      expect(run(floats(2, 7))).toEqual(write === 0 ? [1, 2, 3] : [0, 0]);
    }
  });
});

describe('the prologue', () => {
  it('computes constants once; several requests share them', () => {
    const list = [inMemory(floats(4, 3)), inMemory(new Float32Array(0))];
    const prologue = plan({
      shapes: constants(4),
      tensors: [tensor(weight(0), [0]), tensor(arena, [0]), tensor(weight(1), [0], 'f32', 'computed')],
      levels: [[copy(0, 1), copy(1, 2)]],
      weights: list,
    });
    const p = plan({
      shapes: constants(4),
      tensors: [tensor(weight(1), [0]), tensor(output(0), [0])],
      outputs: [1],
      levels: [[copy(0, 1)]],
      weights: list,
      prologue,
    });
    const model = load(p);
    for (let i = 0; i < 3; i++) {
      const request = model.createRequest();
      expect(f32(request.runSync([])[0])).toEqual([3, 4, 5, 6]);
      expect(f32(request.runSync([])[0])).toEqual([3, 4, 5, 6]);
    }
    expect(() =>
      load({ ...p, prologue: undefined })
        .createRequest()
        .runSync([]),
    ).toThrow(/MODEL_INVALID.*has 0 bytes/);
    expect(() => load({ ...p, prologue: { ...prologue, weights: list.slice(0, 1) } })).toThrow(/MODEL_INVALID/);
  });
});

describe('constants in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cuvee-weights-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const of = (path: string, offset: number, length: number) =>
    load(
      plan({
        shapes: constants(length / 4),
        tensors: [tensor(weight(0), [0]), tensor(output(0), [0])],
        outputs: [1],
        levels: [[copy(0, 1)]],
        weights: [{ type: 'f32', source: { kind: 'file', path, offset, length, read: () => new Uint8Array(0) } }],
      }),
    ).createRequest();

  it('are read from any offset, copied or mapped', () => {
    const path = join(folder, 'small.bin');
    writeFileSync(path, Buffer.concat([Buffer.from('abc'), Buffer.from(floats(10).buffer)]));
    expect(f32(of(path, 3, 40).runSync([])[0])).toEqual([...floats(10)]);
    const large = join(folder, 'large.bin');
    writeFileSync(large, floats(4));
    truncateSync(large, 65 << 20);
    expect(f32(of(large, 4, 12).runSync([])[0])).toEqual([1, 2, 3]);
    expect(f32(of(large, (65 << 20) - 8, 8).runSync([])[0])).toEqual([0, 0]);
  });

  it('that are not there, too short or no files say so', () => {
    const path = join(folder, 'short.bin');
    writeFileSync(path, floats(4));
    expect(() => of(join(folder, 'none.bin'), 0, 4).runSync([])).toThrow(/FILE_NOT_FOUND.*none\.bin/);
    expect(() => of(path, 8, 12).runSync([])).toThrow(/MODEL_INVALID.*16 bytes/);
    expect(() => of(path, 2 ** 52, 4).runSync([])).toThrow(/MODEL_INVALID/);
    expect(() => of(folder, 0, 4).runSync([])).toThrow(/FILE_NOT_FOUND/);
    symlinkSync('/dev/zero', join(folder, 'zero'));
    expect(() => of(join(folder, 'zero'), 0, 4).runSync([])).toThrow(/FILE_NOT_FOUND.*regular/);
  });
});

describe('constants in memory', () => {
  it('are held once in the process, however often they are loaded', () => {
    const p = plan({
      shapes: constants(1 << 18),
      tensors: [tensor(weight(0), [0]), tensor(output(0), [0])],
      outputs: [1],
      levels: [[copy(0, 1)]],
      weights: [inMemory(floats(1 << 18, 0.5))],
    });
    const first = load(p),
      second = load({ ...p, weights: [inMemory(floats(1 << 18, 0.5))] }),
      other = load({ ...p, weights: [inMemory(floats(1 << 18, 0.25))] });
    expect(first.details.memory).toBeGreaterThanOrEqual(1 << 20);
    expect(second.details.memory).toBe(0);
    expect(other.details.memory).toBeGreaterThanOrEqual(1 << 20);
    first.release();
    expect(f32(second.createRequest().runSync([])[0])[7]).toBe(7.5);
    expect(f32(other.createRequest().runSync([])[0])[7]).toBe(7.25);
  });
});

describe('shape programs', () => {
  const scope = shape.createScope();
  const n = scope.symbol({ kind: 'input', port: 0, axis: 0 }, [1, 1000], 'x.0'),
    m = scope.symbol({ kind: 'input', port: 1, axis: 0 }, [0, Infinity], 'z.0');
  const half = shape.floorDiv(n, 2),
    large = shape.mul(shape.mul(m, m), shape.mul(m, m));
  const guards: shape.Guard[] = [
    {
      class: 'error',
      predicate: shape.isEqual(half, m) as shape.Guard['predicate'],
      node: 'Add.1',
      what: 'input 0 axis 0 is {0}, input 1 axis 0 is {1}',
      dims: [half, m],
    },
  ];
  const program = shape.lowerShapes([n, m, half, large], guards);
  const register = (name: string): number => program.constants.length + program.symbols.findIndex((s) => s.name === name);
  const [rn = 0, rm = 0, rhalf = 0, rlarge = 0] = program.roots;
  const p = plan({
    shapes: shape.assemble(program),
    tensors: [
      tensor(input(0), [rn], 'f32', 'x'),
      tensor(input(1), [rm], 'f32', 'z'),
      tensor({ kind: 'view', of: 0, offset: -1 }, [rhalf]),
      tensor(output(0), [rhalf]),
    ],
    inputs: [0, 1],
    outputs: [3],
    levels: [[step('copy', [2], [3], { args: [{ register: rlarge }] })]],
    bindings: [[dim(0, 0, register('x.0')), dim(1, 0, register('z.0'))]],
  });
  const run = (
    a: number,
    b: number,
    describeShape = (failure: shape.GuardFailure) => shape.failureMessage(program, failure, ['n', 'm', 'half', 'large']),
  ) =>
    load(p, { describeShape })
      .createRequest()
      .runSync([
        { data: floats(a), dims: [a] },
        { data: floats(b), dims: [b] },
      ])[0];

  it('compute sizes', () => {
    expect(f32(run(7, 3))).toEqual([0, 1, 2]);
    expect(f32(run(8, 4))).toEqual([0, 1, 2, 3]);
  });

  it("stop with the reason in core's words", () => {
    expect(() => run(8, 3)).toThrow(
      /\[SHAPE_MISMATCH\] "Add.1": input 0 axis 0 is .* = 4, input 1 axis 0 is z\.0 = 3 \(x\.0 = 8, z\.0 = 3\)/,
    );
    expect(() => run(2000, 1000)).toThrow(/x\.0 is 2000, outside its range 1\.\.1000/);
    expect(() => run(40, 20_000)).toThrow(/large leaves/);
  });
});

describe('explain and profile', () => {
  it('name steps, kernels, bytes and the arena with its lower bound', () => {
    const request = load(chain(3), { profile: true }).createRequest();
    request.runSync([{ data: floats(1000), dims: [10, 100] }]);
    const told = JSON.parse(request.explain()) as {
      levels: { arena: number; lowerBound: number; signatures: number; steps: Record<string, unknown>[] }[];
    };
    const [level] = told.levels;
    expect(level).toMatchObject({ arena: 8064, lowerBound: 8064, signatures: 1 });
    expect(level?.steps).toHaveLength(4);
    expect(level?.steps[1]).toMatchObject({ family: 'copy', op: 'Op', origin: 'copy.3', kernel: 'copy', bytes: 8000, shapes: [[10, 100]] });
    const times = request.profile();
    expect(times).toHaveLength(4);
    for (const t of times) expect(t).toMatchObject({ kernel: 'copy', nanoseconds: expect.any(Number) });
    expect(times.reduce((a, t) => a + t.nanoseconds, 0)).toBeGreaterThan(0);
    expect(load(chain(3)).createRequest().profile()).toEqual([]);
  });

  it('an output lends its memory to intermediates, also where the caller brings it or gives it back as the input', () => {
    const side = 1 << 10;
    const dims = [side, side];
    const megabytes = (4 * side * side) / 2 ** 20;
    const model = load(chain(3)),
      request = model.createRequest();
    const arenaOf = (): number => (JSON.parse(request.explain()) as { levels: { arena: number }[] }).levels[0]?.arena ?? Number.NaN;
    const picture = (seed: number): Float32Array => Float32Array.from({ length: side * side }, (_, i) => (i * seed) % 1009);
    const same = (data: ArrayBuffer | ArrayBufferView | undefined, seed: number): boolean =>
      Buffer.compare(
        Buffer.from(ArrayBuffer.isView(data) ? data.buffer : (data ?? new ArrayBuffer(0)), 0, 4 * side * side),
        bytesOf(picture(seed)),
      ) === 0;
    const first = request.runSync([{ data: picture(1), dims }])[0]?.buffer;
    expect(arenaOf() / 2 ** 20).toBe(megabytes); // three intermediates, two of them alive together
    expect(same(first, 1)).toBe(true);
    const mine = new Float32Array(side * side);
    request.runSync([{ data: picture(3), dims }], [mine]);
    expect(same(mine, 3)).toBe(true);
    const back = new Float32Array(first as ArrayBuffer, 0, side * side);
    back.set(picture(7));
    expect(same(request.runSync([{ data: back, dims }])[0]?.buffer, 7)).toBe(true);
    request.runSync([{ data: picture(5), dims }], [mine]);
    expect(same(mine, 5)).toBe(true);
    model.release();
  });

  it('requests that run in turn take the same memory for intermediates, and the last one that goes frees it', async () => {
    const model = load(chain(3)),
      requests = [model.createRequest(), model.createRequest(), model.createRequest()];
    const result = new Float32Array(1 << 20);
    const input = { data: floats(1 << 20), dims: [1 << 10, 1 << 10] };
    const before = model.details.memory;
    requests[0]?.runSync([input], [result]);
    const used = model.details.memory;
    expect(used - before).toBeGreaterThan(4 << 20);
    for (const request of [...requests, ...requests]) {
      result.fill(-1);
      request.runSync([input], [result]);
      expect(Buffer.compare(bytesOf(result), bytesOf(floats(1 << 20)))).toBe(0);
    }
    expect(model.details.memory - used).toBeLessThan(1 << 16);
    const small = await Promise.all(requests.map((request) => request.run([{ data: floats(2), dims: [1, 2] }])));
    expect(small.map(([output]) => f32(output))).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    for (const request of requests) request.release();
    expect(model.details.memory - before).toBeLessThan(1 << 16);
    model.release();
    expect(() => model.createRequest()).toThrow(/released/);
  });
});

describe('unusual steps', () => {
  it('a step whose outputs are all empty does not run', () => {
    const p = plan({
      tensors: [tensor(input(0), [0]), tensor(output(0), [0])],
      inputs: [0],
      outputs: [1],
      levels: [[step('copy', [0], [1])]],
      bindings: [[dim(0, 0, 0)]],
    });
    const request = load(p).createRequest();
    request.runSync([{ data: floats(0), dims: [0] }]);
    expect(JSON.parse(request.explain())).toMatchObject({ levels: [{ steps: [{ kernel: 'none: empty' }] }] });
  });
});
