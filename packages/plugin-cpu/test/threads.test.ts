/** How hints, threads, streams and cores divide the processor; trees of other machines are in native/tests/test_cores.cc. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { builder, Core, Model, Tensor, type Config } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { loadNative, type Addon } from '../src/native.js';
import { division } from '../src/threads.js';

/** An eight-core machine: four fast cores with two threads each, four slow ones; what `place` answers for it. */
const hybrid = {
  placement: (type: number, siblings: boolean) => ({ threads: [siblings ? 12 : 8, siblings ? 8 : 4, 4][type] as number, cpus: [] }),
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
        config.ENABLE_CPU_PINNING === true,
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
    expect(JSON.parse(stdout)).toEqual([alone, alone]);
    return undefined;
  });
});
