/**
 * Random networks give what their graph says, whatever rules make of them. CUVEE_NETWORKS: how many. CUVEE_NETWORKS_FROM: the first seed.
 * A seed that fails is a graph: `print(network(seed).model)`.
 */
import { expect, it } from 'vitest';
import { Core, interpret, Tensor } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../../core/src/ops/cases.js';
import { compile } from '../../src/compile/compile.js';
import { network } from './network.js';

const core = new Core({ plugins: [cpu()], frontends: [] });
const count = Number(process.env['CUVEE_NETWORKS'] ?? 60);
const first = Number(process.env['CUVEE_NETWORKS_FROM'] ?? 0);

/** Of the largest element. Rules that are wrong are wrong by much; normalisations multiply what was rounded before, and narrow types are rounded at each step. */
const tolerance = { f32: 5e-4, f64: 5e-4, f16: 3e-2 };

/** What is wrong with the CPU's results. */
function problems(seed: number): string[] {
  const { model, size, type } = network(seed);
  const input = new Random(seed + 1).tensor(type, size, -1, 1);
  const want = interpret(model, [input.nd()]);
  const request = core.compileModelSync(model, 'CPU').createInferRequest();
  request.infer([Tensor.from(type, size, input.nd().data)]);
  return want.flatMap(({ shape, data }, i) => {
    const got = request.getOutputTensor(i);
    if (got.shape.join() !== shape.join()) return [`seed ${seed}: output ${i} is ${got.shape}, not ${shape}`];
    const values = got.values() as ArrayLike<number>;
    const right = Array.from(data as Float32Array);
    // Means of what was centred before are rounding alone.
    const most = Math.max(1e-2, ...right.filter(Number.isFinite).map(Math.abs));
    const far = right.findIndex((w, k) => !(Math.abs(w - Number(values[k])) <= tolerance[type as 'f32'] * most) && Number.isFinite(w));
    return far < 0 ? [] : [`seed ${seed}: output ${i} has ${values[far]} at ${far}, not ${right[far]}`];
  });
}

it(`${count} random networks`, { timeout: 30_000 + count * 2000 }, () => {
  const wrong: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    try {
      wrong.push(...problems(seed));
    } catch (error) {
      wrong.push(`seed ${seed}: ${String(error)}`);
    }
  }
  expect(wrong).toEqual([]);
});

it('rules find something in them', () => {
  const fired = new Set<string>();
  for (let seed = 0; seed < 60; seed++)
    for (const [name] of compile(network(seed).model, { name: 'avx512', block: 16 }).rules) fired.add(name);
  for (const name of [
    'convolution of a pyramid without its sum',
    'mean of a 3x3 convolution',
    'recognise gelu',
    'recognise a shuffle of channels',
  ])
    expect(fired).toContain(name);
});
