/** What `explain` tells of a step: what is fused into it, and how near it came to what its bytes and flops allow. */
import { expect, it } from 'vitest';
import { builder, Core, Model, Tensor } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../core/src/ops/cases.js';
import { compile } from '../src/compile/compile.js';
import { explainRows, toldRoofs, type RunLevel } from '../src/explain.js';
import type { Peaks } from '../src/native.js';

/** relu(conv(x) + b + x)·s, a product with bias and GELU, and sums that are one program. */
function model(): Model {
  const g = builder();
  const random = new Random(1);
  const constant = (...shape: number[]) => g.constant(random.tensor('f32', shape));
  const x = g.parameter('f32', [1, 16, 8, 8], 'x');
  const sum = g.convolution(x, constant(16, 16, 1, 1), { strides: [1, 1], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0] });
  const y = g.multiply(g.relu(g.add(g.add(sum, constant(1, 16, 1, 1)), x)), constant(1, 16, 1, 1));
  const z = g.gelu(g.add(g.matMul(g.relu(y), constant(8, 8)), constant(8)), {});
  const w = g.abs(g.tanh(g.multiply(z, y)));
  return new Model({ name: 'm', parameters: [x.node], results: [g.result(w)], scope: g.scope });
}
const peaks: Peaks = { gflops: 100, rates: [1e6, 50, 4e6, 20, 16e6, 10] };

it('names what is fused into a step, in the order in which it happens', () => {
  const { plan } = compile(model(), { name: 'avx512', block: 16 });
  const told = explainRows(plan, undefined, undefined, undefined).map(({ op, fused }) => [op, fused]);
  expect(told).toContainEqual(['Convolution', 'bias, residual, relu, scale, shift']);
  expect(told).toContainEqual(['MatMul', 'bias, gelu_erf']);
  expect(told).toContainEqual(['Elementwise', 'mul, tanh, abs']);
});

it('holds a step against the cache or memory that has room for its bytes', () => {
  const { plan } = compile(model(), { name: 'avx512', block: 16 });
  const step = (bytes: number, segment?: number): RunLevel['steps'][number] => ({
    kernel: 'k',
    shapes: [],
    bytes,
    flops: 1e6,
    ...(segment !== undefined && { segment }),
  });
  const one = { ...plan, levels: [{ steps: plan.levels.flatMap((l) => l.steps).slice(0, 4), segments: [] }] };
  const steps = [step(1e6), step(3e6), step(40e6), step(40e6, 0)];
  const times = steps.map(() => ({ nanoseconds: 4e6, kernel: 'k' }));
  const rows = explainRows(one, [{ arena: 0, lowerBound: 0, steps }], times, peaks);
  // Least times: 20 µs, 150 µs, 4 ms, and 0.8 ms where strips stay in caches.
  expect(rows.map((row) => row['% of roofline'])).toEqual([0.5, 3.8, 100, 20]);
  expect(toldRoofs(peaks)).toEqual({ 'peak GFLOP/s': 100, 'peak GB/s, second cache': 50, 'peak GB/s, memory': 10 });
});

it('measures the roofs where times are measured, and tells no memory before the first run', () => {
  const compiled = new Core({ plugins: [cpu()] }).compileModelSync(model(), 'CPU', { PERF_COUNT: true });
  expect(compiled.explain().summary).not.toHaveProperty('arena');
  const request = compiled.createInferRequest();
  // Whole percents of steps that take a microsecond: a run in which another process had the core between has none to tell.
  const measured = (): boolean => {
    request.infer([new Tensor('f32', [1, 16, 8, 8])]);
    return compiled.explain().rows.every((row) => Number(row['% of roofline']) > 0);
  };
  expect(Array.from({ length: 20 }).some(measured)).toBe(true);
  const { summary } = compiled.explain();
  expect(Number(summary['arena'])).toBeGreaterThanOrEqual(Number(summary['arena lower bound']));
  expect(Number(summary['peak GB/s, second cache'])).toBeGreaterThan(0);
});
