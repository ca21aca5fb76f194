/** Asynchronous reading and compiling let the event loop breathe: told by its turns, in relation to the time that the work takes. */
import { builder, Core, Model, Tensor, writeIr, type Value } from '@cuvee/core';
import onnx from '@cuvee/frontend-onnx';
import cpu from '@cuvee/plugin-cpu';
import { beforeAll, expect, test } from 'vitest';
import { writeModelProto } from '../../frontend-onnx/test/encode.js';
import { floats, graph, model as onnxModel, node, value } from '../../frontend-onnx/test/models.js';

const core = new Core({ plugins: [cpu()], frontends: [onnx()] });
const blocks = 1000;

/** Processor time of this process in milliseconds: what other processes do meanwhile does not count. */
const spent = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** The most processor time without a turn of the event loop, and all of it, in milliseconds, while `work` goes on. */
async function longestHold(work: () => Promise<unknown>): Promise<{ readonly longest: number; readonly whole: number }> {
  const start = spent();
  let last = start;
  let longest = 0;
  let over = false;
  const turn = (): void => {
    const now = spent();
    longest = Math.max(longest, now - last);
    last = now;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  over = true;
  turn();
  return { longest, whole: last - start };
}

/** Much longer than one share, in pieces that are small beside the whole; a collection falls into a piece of one try, not of each. */
async function expectBreathing(work: () => Promise<unknown>): Promise<void> {
  const shares: number[] = [];
  for (let n = 0; n < 3 && !shares.some((share) => share < 1 / 3); n++) {
    const { longest, whole } = await longestHold(work);
    if (n === 0) expect(whole).toBeGreaterThan(60);
    shares.push(longest / whole);
  }
  expect(Math.min(...shares)).toBeLessThan(1 / 3);
}

let chain: Model;
beforeAll(() => {
  const g = builder();
  const x = g.parameter('f32', '1,4,8,8', 'x');
  let y: Value = x;
  for (let i = 0; i < blocks; i++) {
    const w = g.constant('f32', [4, 4, 1, 1], new Float32Array(16).fill(i % 3));
    const conv = g.convolution(y, w, { strides: [1, 1], dilations: [1, 1], pads_begin: [0, 0], pads_end: [0, 0] });
    y = g.softmax(g.relu(g.add(conv, g.constant('f32', [1, 4, 1, 1], [1, 2, 3, i]))), { axis: 1 });
  }
  chain = new Model({ name: 'chain', parameters: [x.node], results: [g.result(y)], scope: g.scope });
});

test('compiling for CPU', async () => {
  await expectBreathing(() => core.compileModel(chain, 'CPU'));
});

test('reading IR', async () => {
  const { xml, weights } = writeIr(chain);
  await expectBreathing(() => core.readModel(new TextEncoder().encode(xml), Buffer.concat(weights)));
});

test('reading ONNX', async () => {
  const many = 3 * blocks; // it is quick
  const nodes = Array.from({ length: many }, (_, i) => [
    node('Conv', [`x${i}`, `w${i}`], [`c${i}`]),
    node('Relu', [`c${i}`], [`r${i}`]),
    node('Softmax', [`r${i}`], [`x${i + 1}`]),
  ]).flat();
  const weights = Array.from({ length: many }, (_, i) => floats(`w${i}`, [4, 4, 1, 1], new Array<number>(16).fill(i % 3)));
  const bytes = writeModelProto(onnxModel(graph(nodes, [value('x0', ['n', 4, 'h', 'w'])], [`x${many}`], weights)));
  await expectBreathing(() => core.readModel(bytes));
});

test('an abort while compiling is heard before the end', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 1);
  await expect(core.compileModel(chain, 'CPU', {}, { signal: controller.signal })).rejects.toThrow('enough');
});

test('the caller may change the model while its copy is compiled, and afterwards', async () => {
  const model = chain.clone();
  const compiling = core.compileModel(model, 'CPU');
  model.reshape('1,4,2,2');
  const compiled = await compiling;
  model.reshape('1,4,3,3');
  expect(compiled.output().shape).toEqual([1, 4, 8, 8]);
  const result = compiled.createInferRequest().infer([new Tensor('f32', [1, 4, 8, 8])]);
  expect(Object.values(result)[0]?.shape).toEqual([1, 4, 8, 8]);
});
