/**
 * Random networks give what their graph says, whatever rules make of them. CUVEE_NETWORKS: how many. CUVEE_NETWORKS_FROM: the first seed.
 * A seed that fails is a graph: `print(network(seed).model)`.
 */
import { expect, it } from 'vitest';
import { Core, CuveeError, interpret, Tensor, type Config, type InferRequest, type NdArray } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random } from '../../../core/src/ops/cases.js';
import { compile } from '../../src/compile/compile.js';
import { network, type Network } from './network.js';

const core = new Core({ plugins: [cpu()], frontends: [] });
const count = Number(process.env['CUVEE_NETWORKS'] ?? 60);
const first = Number(process.env['CUVEE_NETWORKS_FROM'] ?? 0);

/** Of the largest element. Rules that are wrong are wrong by much; normalisations multiply what was rounded before, and narrow types are rounded at each step. */
const tolerance = { f32: 5e-4, f64: 5e-4, f16: 3e-2 };

/** Strips wherever they can be, nowhere, and where they pay; on other numbers of threads. */
const settings: readonly Config[] = [
  {},
  { CUVEE_STRIPS: 'ALWAYS', INFERENCE_NUM_THREADS: 1 },
  { CUVEE_STRIPS: 'ALWAYS', INFERENCE_NUM_THREADS: 3 },
  { CUVEE_STRIPS: 'NEVER', INFERENCE_NUM_THREADS: 2 },
];

/** The size that the network was drawn with; where the compiler is not told it, twice the size after it, and the first once more. */
function sizesOf({ model, size }: Network): (readonly number[])[] {
  const dims = model.inputs[0]?.fact.shape ?? [];
  const open = (i: number): boolean => typeof dims[i] !== 'number';
  return dims.some((_, i) => open(i)) ? [size, size.map((n, i) => (!open(i) ? n : i === 0 ? n + 1 : 2 * n)), size] : [size];
}

/** Runs; false where sizes that the network was not drawn with do not fit together, of which evaluation alone may make something. */
function runs(request: InferRequest, input: Tensor, drawn: boolean): boolean {
  try {
    request.infer([input]);
    return true;
  } catch (error) {
    if (!drawn && error instanceof CuveeError && error.code === 'SHAPE_MISMATCH') return false;
    throw error;
  }
}

/** What is wrong with the CPU's results. */
function problems(seed: number): string[] {
  const drawn = network(seed);
  const request = core.compileModelSync(drawn.model, 'CPU', settings[seed % settings.length]).createInferRequest();
  return sizesOf(drawn).flatMap((size, run) => {
    const input = new Random(seed + run).tensor(drawn.type, size, -1, 1).nd();
    if (!runs(request, Tensor.from(drawn.type, size, input.data), run !== 1)) return [];
    return interpret(drawn.model, [input]).flatMap((right, i) => {
      const wrong = differs(request.getOutputTensor(i), right, tolerance[drawn.type as 'f32']);
      return wrong === undefined ? [] : [`seed ${seed}, run ${run}, output ${i}: ${wrong}`];
    });
  });
}

/** How results differ by more than the tolerance. */
function differs(tensor: Tensor, { shape, data }: NdArray, share: number): string | undefined {
  if (tensor.shape.join() !== shape.join()) return `[${tensor.shape}], not [${shape}]`;
  const got = tensor.values() as ArrayLike<number>;
  const want = Array.from(data as Float32Array);
  // Means of what was centred before are rounding alone.
  const scale = want.reduce((most, w) => (Number.isFinite(w) ? Math.max(most, Math.abs(w)) : most), 1e-2);
  const far = want.findIndex((w, k) => !(Math.abs(w - Number(got[k])) <= share * scale) && Number.isFinite(w));
  return far < 0 ? undefined : `${got[far]} at ${far}, not ${want[far]}`;
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
