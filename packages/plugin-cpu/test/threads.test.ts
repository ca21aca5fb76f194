/** How hints, threads, streams and cores divide the processor; trees of other machines are in native/tests/test_cores.cc. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builder, cloneModel, Core, Model, Tensor, type Config, type DeviceHost, type DeviceRequest } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { loadNative, type Addon } from '../src/native.js';
import { division } from '../src/threads.js';

/** An eight-core machine: four fast cores with two threads each, four slow ones; what `place` answers for it. */
const hybrid = {
  placement: (type: number, siblings: boolean) => ({
    threads: [siblings ? 12 : 8, siblings ? 8 : 4, 4][type] as number,
    cpus: [],
    whole: false,
  }),
} as unknown as Addon;
const divide = (config: Config) => {
  const { threads, streams, spinMicroseconds, binding } = division(hybrid, config);
  return [threads, streams, spinMicroseconds, binding];
};

describe('a configuration divides the processor', () => {
  it.each<[Config, number[]]>([
    [{}, [4, 1, 100, 0]],
    [{ PERFORMANCE_HINT: 'LATENCY' }, [4, 1, 100, 0]],
    [{ PERFORMANCE_HINT: 'LATENCY', ENABLE_HYPER_THREADING: true }, [8, 1, 100, 0]],
    [{ SCHEDULING_CORE_TYPE: 'ANY_CORE' }, [8, 1, 100, 0]],
    [{ SCHEDULING_CORE_TYPE: 'ECORE_ONLY' }, [4, 1, 100, 1]],
    [{ SCHEDULING_CORE_TYPE: 'PCORE_ONLY', ENABLE_CPU_PINNING: true }, [4, 1, 100, 2]],
    [{ PERFORMANCE_HINT: 'THROUGHPUT' }, [12, 6, 0, 0]],
    [{ PERFORMANCE_HINT: 'THROUGHPUT', ENABLE_HYPER_THREADING: false }, [8, 4, 0, 0]],
    [{ PERFORMANCE_HINT: 'THROUGHPUT', PERFORMANCE_HINT_NUM_REQUESTS: 3 }, [12, 3, 0, 0]],
    [{ PERFORMANCE_HINT: 'THROUGHPUT', PERFORMANCE_HINT_NUM_REQUESTS: 3, NUM_STREAMS: 5 }, [12, 5, 0, 0]],
    [{ PERFORMANCE_HINT: 'THROUGHPUT', INFERENCE_NUM_THREADS: 3, CUVEE_SPIN_US: 7 }, [3, 3, 7, 0]],
    [{ NUM_STREAMS: -1 }, [4, 4, 100, 0]],
    [{ NUM_STREAMS: 9, INFERENCE_NUM_THREADS: 2 }, [2, 2, 100, 0]],
    [{ INFERENCE_NUM_THREADS: 40 }, [40, 1, 100, 0]],
  ])('%j', (config, wanted) => expect(divide(config)).toEqual(wanted));
});

describe('threads stay on their cores unasked', () => {
  /** Four equal cores; `whole`: all that the process may use. */
  const equal = (whole: boolean): Addon => ({ placement: () => ({ threads: 4, cpus: [0, 1, 2, 3], whole }) }) as unknown as Addon;
  const pinned = (config: Config, whole = true): boolean => division(equal(whole), config).binding === 2;

  it.runIf(process.platform === 'linux')('where one stream has all of them', () => {
    expect(pinned({})).toBe(true);
    expect(pinned({ INFERENCE_NUM_THREADS: 4 })).toBe(true);
    expect(pinned({ ENABLE_CPU_PINNING: false })).toBe(false);
  });
  it('not where others may have some, where threads are fewer or more, for streams, or with LOW priority', () => {
    expect(pinned({}, false)).toBe(false);
    expect(pinned({ INFERENCE_NUM_THREADS: 3 })).toBe(false);
    expect(pinned({ INFERENCE_NUM_THREADS: 5 })).toBe(false);
    expect(pinned({ PERFORMANCE_HINT: 'THROUGHPUT' })).toBe(false);
    expect(pinned({ MODEL_PRIORITY: 'LOW' })).toBe(false);
  });
});

/** Convolutions one after the other: some milliseconds. */
function long(): Model {
  const g = builder();
  const x = g.parameter('f32', '1,4,64,64', 'x');
  const sizes = { strides: [1, 1], dilations: [1, 1], pads_begin: [2, 2], pads_end: [2, 2] };
  let y = g.convolution(x, g.constant('f32', [64, 4, 5, 5], new Float32Array(6400).fill(0.01)), sizes);
  for (let i = 0; i < 12; i++) y = g.convolution(y, g.constant('f32', [64, 64, 5, 5], new Float32Array(102_400).fill(0.001)), sizes);
  return new Model({ name: 'long', parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope });
}

describe('threads of compiled models', () => {
  const core = new Core({ plugins: [cpu()] });
  const g = builder();
  const x = g.parameter('f32', '1,4,64,64', 'x');
  const y = g.convolution(x, g.constant('f32', [8, 4, 3, 3], new Float32Array(288).fill(0.5)), {
    strides: [1, 1],
    dilations: [1, 1],
    pads_begin: [1, 1],
    pads_end: [1, 1],
  });
  const model = new Model({ name: 'm', parameters: [x.node], results: [g.result(y, 'y')], scope: g.scope });
  const input = new Tensor('f32', [1, 4, 64, 64], new Float32Array(4 * 64 * 64).fill(1));

  it('an inference that nobody waits for gives the same, on a thread of its own', async () => {
    const compiled = await cpu().compile(cloneModel(model).model, {}, { host: {} as DeviceHost });
    const [one, other] = [compiled.createRequest(), compiled.createRequest()];
    const values = async (request: DeviceRequest, behind: boolean): Promise<Float32Array> =>
      ((await request.run([input], [], { behind }))[0] as Tensor).data.slice() as Float32Array;
    const [first, second] = await Promise.all([values(one, true), values(other, false)]);
    expect(first).toEqual(second);
    expect(await values(one, false)).toEqual(second);
  });
  it('of several models that wait for the same threads, the one with HIGH priority begins first', async () => {
    const ended: string[] = [];
    const lanes = ['MEDIUM', 'MEDIUM', 'MEDIUM', 'HIGH'].map((MODEL_PRIORITY) => {
      const request = core.compileModelSync(model, 'CPU', { MODEL_PRIORITY, CUVEE_SPIN_US: 33 }).createInferRequest();
      return async (): Promise<void> => {
        await request.inferAsync([input]);
        ended.push(MODEL_PRIORITY);
      };
    });
    // A long one holds the threads while the others come.
    const wide = new Tensor('f32', [1, 4, 64, 64]);
    const chain = core.compileModelSync(long(), 'CPU', { CUVEE_SPIN_US: 33 }).createInferRequest();
    const busy = chain.inferAsync([wide]).then(() => ended.push('long'));
    await Promise.all([busy, ...lanes.map((lane) => lane())]);
    expect(ended.filter((name) => name !== 'long')).toEqual(['HIGH', 'MEDIUM', 'MEDIUM', 'MEDIUM']);
  });
  it.runIf(process.platform === 'linux')('threads of LOW priority are its own, and nicer', async () => {
    const niceness = (): number[] =>
      readdirSync('/proc/self/task').map((task) => {
        const text = readFileSync(`/proc/self/task/${task}/stat`, 'latin1');
        return Number(text.slice(text.lastIndexOf(')')).split(' ')[17]);
      });
    const before = Math.min(...niceness()); // other tests' threads may stand back, too
    const nicer = (): number => niceness().filter((n) => n === Math.min(19, before + 10)).length;
    const others = nicer();
    const low = core.compileModelSync(model, 'CPU', { MODEL_PRIORITY: 'LOW', INFERENCE_NUM_THREADS: 3 });
    const request = low.createInferRequest();
    await request.inferAsync([input]);
    expect(low.getProperty('MODEL_PRIORITY')).toBe('LOW');
    expect(nicer() - others).toBeGreaterThanOrEqual(3);
  });
  it('properties say what was chosen, and every division gives the same results', async () => {
    const native = loadNative();
    if ('absent' in native) return expect.fail(native.absent);
    const answers: Float32Array[] = [];
    for (const config of [
      {},
      { INFERENCE_NUM_THREADS: 3, ENABLE_CPU_PINNING: true },
      { PERFORMANCE_HINT: 'THROUGHPUT', ENABLE_CPU_PINNING: true },
      { SCHEDULING_CORE_TYPE: 'PCORE_ONLY', NUM_STREAMS: 2, INFERENCE_NUM_THREADS: 2 },
    ] as Config[]) {
      const compiled = core.compileModelSync(model, 'CPU', config);
      const { threads, streams } = division(native.addon, config);
      expect(['INFERENCE_NUM_THREADS', 'NUM_STREAMS', 'ENABLE_CPU_PINNING'].map((name) => compiled.getProperty(name))).toEqual([
        threads,
        streams,
        division(native.addon, config).binding === 2,
      ]);
      expect(compiled.explain().summary).toMatchObject({ threads, streams });
      const request = compiled.createInferRequest();
      for (const outputs of [request.infer([input]), await request.inferAsync([input])])
        answers.push((Object.values(outputs)[0] as Tensor).data.slice() as Float32Array);
    }
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    return undefined;
  });

  // Affinity that the system really set.
  it.skipIf(process.platform !== 'linux' || spawnSync('taskset', ['-c', '0', 'true']).status !== 0)('one core is one thread', () => {
    const native = loadNative();
    if ('absent' in native) return expect.fail(native.absent);
    const code = `const a = require(${JSON.stringify(native.path)}); process.stdout.write(JSON.stringify([a.placement(0, true), a.placement(1, false)]))`;
    const { stdout, stderr } = spawnSync('taskset', ['-c', '0', process.execPath, '-e', code], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const alone = { threads: 1, cpus: [0] };
    expect(JSON.parse(stdout)).toMatchObject([alone, alone]);
    return undefined;
  });
});
