import { describe, expect, it } from 'vitest';
import type { Arg, Plan, Step } from '../../src/plan/plan.js';
import { arena, copy, dim, dynamic, f32, floats, input, load, output, plan, step, tensor } from './plans.js';

const ints = (...values: number[]): Arg[] => values.map((int) => ({ int }));

/** Arguments of a loop as native/kernels/control/control.h lists them. */
interface LoopPorts {
  readonly inputs: readonly {
    readonly kind: 'invariant' | 'merged' | 'sliced' | 'iteration';
    readonly from?: number;
    readonly back?: number;
    readonly axis?: number;
    readonly start?: number;
    readonly end?: number;
    readonly stride?: number;
  }[];
  readonly outputs: readonly {
    readonly kind: 'last' | 'concat';
    readonly from: number;
    readonly axis?: number;
    readonly stride?: number;
  }[];
  readonly condition?: number;
}
function loopArgs({ inputs, outputs, condition = -1 }: LoopPorts): Arg[] {
  const kinds = { invariant: 0, merged: 1, sliced: 2, iteration: 3 };
  return ints(
    inputs.length,
    condition,
    ...inputs.flatMap((p) => [kinds[p.kind], p.from ?? -1, p.back ?? -1, p.axis ?? 0, p.start ?? 0, p.end ?? -1, p.stride ?? 1]),
    ...outputs.flatMap((p) => [p.kind === 'last' ? 0 : 1, p.from, p.axis ?? 0, p.stride ?? 1]),
  );
}

/** A body that copies each input to the output of the same number. */
function copies(ranks: readonly number[], types: readonly ('f32' | 'i64' | 'boolean')[]): Plan {
  let register = 0;
  const dims = ranks.map((rank) => Array.from({ length: rank }, () => register++));
  const n = ranks.length;
  return plan({
    tensors: [
      ...dims.map((d, i) => tensor(input(i), d, types[i], `in${i}`)),
      ...dims.map((d, i) => tensor(output(i), d, types[i], `out${i}`)),
    ],
    inputs: dims.map((_, i) => i),
    outputs: dims.map((_, i) => n + i),
    levels: [dims.map((_, i) => copy(i, n + i))],
    bindings: [dims.flatMap((d, i) => d.map((r, axis) => dim(i, axis, r)))],
  });
}

/** trips, condition, and x [a, b] -> one output through a loop, dynamic, then copied in a second level. */
function loopPlan(ports: LoopPorts, body: Plan, outRank = 2, outType: 'f32' | 'i64' = 'f32'): Plan {
  const outDims = Array.from({ length: outRank }, (_, i) => 2 + i);
  return plan({
    tensors: [
      tensor(input(0), [], 'i64', 'trips'),
      tensor(input(1), [], 'boolean', 'go'),
      tensor(input(2), [0, 1], 'f32', 'x'),
      tensor(dynamic, outDims, outType, 'd'),
      tensor(arena, outDims, outType, 'a'),
      tensor(output(0), outDims, outType, 'y'),
    ],
    inputs: [0, 1, 2],
    outputs: [5],
    levels: [
      [step('loop', [0, 1, 2], [3], { args: loopArgs(ports), plans: [0], origin: ['loop.1'], op: 'Loop' })],
      [copy(3, 4), copy(4, 5)],
    ],
    bindings: [[dim(2, 0, 0), dim(2, 1, 1)], outDims.map((r, axis) => dim(3, axis, r))],
    plans: [body],
  });
}
const args = (trips: bigint, go: boolean, x: Float32Array, dims: number[]) => [
  { data: BigInt64Array.of(trips), dims: [] },
  { data: Uint8Array.of(go ? 1 : 0), dims: [] },
  { data: x, dims },
];

describe('if', () => {
  const p = plan({
    tensors: [
      tensor(input(0), [], 'boolean', 'c'),
      tensor(input(1), [0], 'f32', 'x'),
      tensor(input(2), [1, 2], 'f32', 'z'),
      tensor(dynamic, [3], 'f32', 'd'),
      tensor(output(0), [3], 'f32', 'y'),
      tensor({ kind: 'view', of: 2, offset: -1 }, [4], 'f32'),
    ],
    inputs: [0, 1, 2],
    outputs: [4],
    levels: [[step('if', [0, 1, 5], [3], { args: ints(1), plans: [0, 0] })], [copy(3, 4)]],
    bindings: [[dim(1, 0, 0), dim(2, 0, 1), dim(2, 1, 2), dim(2, 1, 4)], [dim(3, 0, 3)]],
    plans: [copies([1], ['f32'])],
  });
  const request = load(p).createRequest();
  const run = (c: number, n: number, m: number) =>
    request.runSync([
      { data: Uint8Array.of(c), dims: [] },
      { data: floats(n), dims: [n] },
      { data: floats(m, 100), dims: [1, m] },
    ])[0];

  it('runs one branch, whose size its consumers learn', () => {
    expect(run(1, 3, 2)?.dims).toEqual([3]);
    expect(f32(run(1, 3, 2))).toEqual([0, 1, 2]);
    expect(f32(run(0, 3, 2))).toEqual([100, 101]);
    expect(f32(run(0, 3, 5))).toEqual([100, 101, 102, 103, 104]);
    expect(f32(run(1, 0, 5))).toEqual([]);
    expect(f32(run(1, 3, 2))).toEqual([0, 1, 2]);
  });

  it('refuses a branch that breaks the promised shape', () => {
    const fixed = plan({
      ...p,
      tensors: [...p.tensors.slice(0, 3), tensor(arena, [0], 'f32', 'd'), tensor(output(0), [0], 'f32', 'y'), ...p.tensors.slice(5)],
      bindings: [p.bindings[0] ?? []],
    });
    const other = load(fixed).createRequest();
    const inputs = (c: number) => [
      { data: Uint8Array.of(c), dims: [] },
      { data: floats(3), dims: [3] },
      { data: floats(2), dims: [1, 2] },
    ];
    expect(f32(other.runSync(inputs(1))[0])).toEqual([0, 1, 2]);
    expect(() => other.runSync(inputs(0))).toThrow(/SHAPE_MISMATCH.*if\.3/);
  });

  it('refuses branches with other inputs', () => {
    const wrong = {
      ...p,
      levels: [{ steps: [{ ...(p.levels[0]?.steps[0] as Step), args: ints(2) }], segments: [] }, ...p.levels.slice(1)],
    };
    expect(() =>
      load(wrong)
        .createRequest()
        .runSync([
          { data: Uint8Array.of(1), dims: [] },
          { data: floats(3), dims: [3] },
          { data: floats(2), dims: [1, 2] },
        ]),
    ).toThrow(/MODEL_INVALID/);
  });
});

describe('loop', () => {
  const sliced = (axis: number, start: number, end: number, stride: number, outAxis: number, outStride: number) => {
    const request = load(
      loopPlan(
        {
          inputs: [{ kind: 'sliced', from: 0, axis, start, end, stride }],
          outputs: [{ kind: 'concat', from: 0, axis: outAxis, stride: outStride }],
        },
        copies([2], ['f32']),
      ),
    ).createRequest();
    const [y] = request.runSync(args(-1n, true, floats(12), [3, 4]));
    return { dims: y?.dims, data: f32(y) };
  };
  it('slices and concatenates along any axis, in both directions', () => {
    expect(sliced(0, 0, -1, 1, 0, 1)).toEqual({ dims: [3, 4], data: [...floats(12)] });
    expect(sliced(1, 0, -1, 1, 1, 1)).toEqual({ dims: [3, 4], data: [...floats(12)] });
    expect(sliced(1, 0, -1, 2, 1, 1)).toEqual({ dims: [3, 4], data: [...floats(12)] });
    expect(sliced(0, -1, 0, -1, 0, 1)).toEqual({ dims: [3, 4], data: [8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3] });
    expect(sliced(1, -1, 0, -1, 1, -1)).toEqual({ dims: [3, 4], data: [...floats(12)] });
    expect(sliced(1, -1, 0, -2, 0, 1)).toEqual({ dims: [6, 2], data: [2, 3, 6, 7, 10, 11, 0, 1, 4, 5, 8, 9] });
    expect(sliced(1, 1, 2, 1, 1, -1)).toEqual({ dims: [3, 2], data: [2, 1, 6, 5, 10, 9] });
    expect(sliced(0, 2, 1, 1, 0, 1)).toEqual({ dims: [0, 0], data: [] }); // no turn
  });

  it('counts its turns and stops at the trip count', () => {
    const request = load(
      loopPlan({ inputs: [{ kind: 'iteration' }], outputs: [{ kind: 'concat', from: 0 }] }, copies([1], ['i64']), 1, 'i64'),
    ).createRequest();
    const turns = (n: bigint, go = true) => {
      const [y] = request.runSync(args(n, go, floats(1), [1, 1]));
      return [...new BigInt64Array(y?.buffer as ArrayBuffer, 0, (y?.bytes ?? 0) / 8)];
    };
    expect(turns(5n)).toEqual([0n, 1n, 2n, 3n, 4n]);
    expect(turns(1n)).toEqual([0n]);
    expect(turns(0n)).toEqual([]);
    expect(turns(7n, false)).toEqual([]);
    expect(turns(1000n).at(-1)).toBe(999n);
  });

  it('stops when the body says so; the last value of a merged input comes out', () => {
    // turn k: x = row k; go on while the row's flag is set
    const body = copies([2, 2], ['f32', 'boolean']);
    const p = plan({
      tensors: [
        tensor(input(0), [0, 1], 'f32', 'x'),
        tensor(input(1), [0, 2], 'boolean', 'flags'),
        tensor(input(2), [3, 1], 'f32', 'initial'),
        tensor(dynamic, [4, 5], 'f32', 'y'),
      ],
      inputs: [0, 1, 2],
      outputs: [3],
      levels: [
        [
          step('loop', [-1, -1, 0, 1, 2], [3], {
            plans: [0],
            args: loopArgs({
              inputs: [
                { kind: 'sliced', from: 0 },
                { kind: 'sliced', from: 1 },
                { kind: 'merged', from: 2, back: 0 },
              ],
              outputs: [{ kind: 'last', from: 0 }],
              condition: 1,
            }),
          }),
        ],
      ],
      bindings: [[dim(0, 0, 0), dim(0, 1, 1), dim(1, 1, 2), dim(2, 0, 3)]],
      plans: [{ ...body, tensors: [...body.tensors, tensor(input(2), [0, 1], 'f32')], inputs: [...body.inputs, 4] }],
    });
    const request = load(p).createRequest();
    const run = (flags: number[]) =>
      f32(
        request.runSync([
          { data: floats(2 * flags.length), dims: [flags.length, 2] },
          { data: Uint8Array.from(flags), dims: [flags.length, 1] },
          { data: floats(2, 50), dims: [1, 2] },
        ])[0],
      );
    expect(run([1, 1, 1])).toEqual([4, 5]);
    expect(run([1, 0, 1])).toEqual([2, 3]);
    expect(run([0])).toEqual([0, 1]);
    expect(run([])).toEqual([50, 51]); // no turn: the initial value
  });

  // Each turn of the outer loop runs an inner one that puts x twice in a row: the size doubles.
  const twice = loopPlan({ inputs: [{ kind: 'invariant', from: 0 }], outputs: [{ kind: 'concat', from: 0 }] }, copies([2], ['f32']));
  const doubling = (): Plan => {
    const inner: Plan = {
      ...twice,
      tensors: [
        tensor(input(0), [0, 1], 'f32', 'x'),
        tensor({ kind: 'weight', weight: 0 }, [], 'i64', 'two'),
        ...twice.tensors.slice(2),
      ].map((t, i) => (i === 2 ? tensor({ kind: 'view', of: 0, offset: -1 }, [0, 1]) : t)),
      inputs: [0],
      weights: [{ type: 'i64', source: { kind: 'bytes', bytes: new Uint8Array(BigInt64Array.of(2n).buffer) } }],
      levels: [
        { steps: [{ ...(twice.levels[0]?.steps[0] as Step), inputs: [1, -1, 2], origin: ['inner'] }], segments: [] },
        ...twice.levels.slice(1),
      ],
      bindings: [[dim(0, 0, 0), dim(0, 1, 1)], ...twice.bindings.slice(1)],
    };
    return loopPlan({ inputs: [{ kind: 'merged', from: 0, back: 0 }], outputs: [{ kind: 'last', from: 0 }] }, inner);
  };

  it('lets shapes change every turn, loops inside loops', () => {
    const request = load(doubling()).createRequest();
    for (const n of [3, 0, 5, 3]) {
      const [y] = request.runSync(args(BigInt(n), true, floats(2, 1), [1, 2]));
      expect(y?.dims).toEqual([2 ** n, 2]);
      expect(f32(y)).toEqual(Array.from({ length: 2 ** n }, () => [1, 2]).flat());
    }
  });

  it('without end keeps to the memory budget and names the step', () => {
    const request = load(doubling(), { memoryLimit: 1 << 24 }).createRequest();
    expect(() => request.runSync(args(-1n, true, floats(2, 1), [1, 2]))).toThrow(/OUT_OF_MEMORY.*(inner|copy)/);
    expect(request.runSync(args(2n, true, floats(2, 1), [1, 2]))[0]?.dims).toEqual([4, 2]);
  });

  it('without end stops when cancelled', async () => {
    const request = load(
      loopPlan({ inputs: [{ kind: 'merged', from: 0, back: 0 }], outputs: [{ kind: 'last', from: 0 }] }, copies([2], ['f32'])),
    ).createRequest();
    const pending = request.run(args(-1n, true, floats(2), [1, 2]));
    const started = performance.now();
    setTimeout(() => request.cancel(), 30);
    await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(f32((await request.run(args(3n, true, floats(2), [1, 2])))[0])).toEqual([0, 1]);
  });

  it('refuses ports that the body does not have', () => {
    const body = copies([2], ['f32']);
    const bad: LoopPorts[] = [
      { inputs: [{ kind: 'merged', from: 0, back: 3 }], outputs: [{ kind: 'last', from: 0 }] },
      { inputs: [{ kind: 'invariant', from: 7 }], outputs: [{ kind: 'last', from: 0 }] },
      { inputs: [{ kind: 'sliced', from: 0, axis: 5 }], outputs: [{ kind: 'last', from: 0 }] },
      { inputs: [{ kind: 'sliced', from: 0, stride: 0 }], outputs: [{ kind: 'last', from: 0 }] },
      { inputs: [{ kind: 'iteration' }], outputs: [{ kind: 'last', from: 0 }] },
      { inputs: [{ kind: 'invariant', from: 0 }], outputs: [{ kind: 'last', from: 4 }] },
      { inputs: [{ kind: 'invariant', from: 0 }], outputs: [{ kind: 'concat', from: 0, axis: 2 }] },
      { inputs: [{ kind: 'invariant', from: 0 }], outputs: [{ kind: 'last', from: 0 }], condition: 1 },
      { inputs: [], outputs: [{ kind: 'last', from: 0 }] },
    ];
    for (const ports of bad)
      expect(() =>
        load(loopPlan(ports, body))
          .createRequest()
          .runSync(args(1n, true, floats(2), [1, 2])),
      ).toThrow(/MODEL_INVALID/);
  });
});
