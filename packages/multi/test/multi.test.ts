/** MULTI: one queue over several devices. */
import { describe, expect, it, vi } from 'vitest';
import { CuveeError } from '@cuvee/core';
import { mine, newWorld } from 'cuvee-device-mine';
import { fake } from '../../core/test/runtime/fake.js';
import { coreWith, infer, input, listen, network, valuesOf } from '../../auto/test/support.js';

const model = network();
const want = (seed: number): number[] =>
  valuesOf(
    coreWith()
      .compileModelSync(model, 'REFERENCE')
      .createInferRequest()
      .infer([input(seed)]).y,
  );
const close = (got: number[], wanted: number[]): void => got.forEach((v, i) => expect(v).toBeCloseTo(wanted[i] as number, 5));

describe('MULTI', () => {
  it('gives the faster device more, from one queue, and every result is right', async () => {
    const core = coreWith(mine('SLOW', newWorld()), mine('FAST', newWorld()));
    using compiled = await core.compileModel(model, 'MULTI:SLOW(1),FAST(1)', {
      DEVICE_PROPERTIES: { SLOW: { RUN_TIME: 24 }, FAST: { RUN_TIME: 4 } },
    });
    const results = await Promise.all(Array.from({ length: 40 }, (_, i) => infer(compiled, i)));
    results.forEach(({ values }, i) => close(values, want(i)));
    const { rows, summary } = compiled.explain();
    const [slow, fast] = rows.map((r) => Number(r.inferences));
    expect((slow as number) + (fast as number)).toBe(40);
    expect(fast).toBeGreaterThan(2 * (slow as number));
    expect(summary).toMatchObject({ device: 'MULTI', inferences: 40, waiting: 0 });
  });
  it('keeps to the number of requests that each device was given', async () => {
    const [one, two] = [fake('ONE'), fake('TWO')];
    using compiled = coreWith(one, two).compileModelSync(model, 'MULTI:ONE(3),TWO');
    expect(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS')).toBe(5);
    const runs = Array.from({ length: 7 }, (_, i) => infer(compiled, i));
    await new Promise((resolve) => setTimeout(resolve));
    expect([one.runs.length, two.runs.length]).toEqual([3, 2]);
    for (let ended = 0; ended < 7; ended++) {
      [...one.runs, ...two.runs].forEach((run) => run.end());
      await new Promise((resolve) => setTimeout(resolve));
    }
    await Promise.all(runs);
    expect(one.runs.length + two.runs.length).toBe(7);
  });
  it('repeats what a lost device did not finish, before all who wait', async () => {
    const [one, two] = [fake('ONE'), fake('TWO')];
    const heard = listen();
    using compiled = coreWith(one, two).compileModelSync(model, 'MULTI:ONE(1),TWO(1)');
    const ended: number[] = [];
    const runs = [0, 1, 2, 3].map((i) => infer(compiled, i).then(() => ended.push(i)));
    await new Promise((resolve) => setTimeout(resolve));
    one.runs[0]?.fail(new CuveeError('DEVICE_LOST', 'gone'));
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setTimeout(resolve));
      two.runs[i]?.end();
    }
    await Promise.all(runs);
    expect(ended).toEqual([1, 0, 2, 3]);
    expect(heard.events).toEqual(['selected ONE', 'selected TWO', 'lost ONE', 'fallback ONE -> TWO']);
    expect(one.released).toEqual(['ONE request', 'ONE model']);
    heard.stop();
  });
  it('keeps outputs until the next run of their request, and writes where the user wants', async () => {
    using compiled = await coreWith().compileModel(model, 'MULTI:CPU(2)');
    const [a, b] = [compiled.createInferRequest(), compiled.createInferRequest()];
    const first = (await a.inferAsync([input(1)])).y;
    for (let i = 2; i < 8; i++) await b.inferAsync([input(i)]);
    close(valuesOf(first), want(1));
    const mineOwn = input(0);
    b.setOutputTensor(0, mineOwn);
    expect((await b.inferAsync([input(9)])).y).toBe(mineOwn);
    close(valuesOf(mineOwn), want(9));
    // an output as the next input of the same request
    const again = (await a.inferAsync([first as never])).y;
    close(
      valuesOf(again),
      valuesOf(
        coreWith()
          .compileModelSync(model, 'CPU')
          .createInferRequest()
          .infer([tensorOf(want(1))]).y,
      ),
    );
  });
  const tensorOf = (values: number[]): ReturnType<typeof input> => {
    const tensor = input(0);
    tensor.data = Float32Array.from(values);
    return tensor;
  };
  it('runs synchronously on an idle worker, else says BUSY', async () => {
    const one = fake('ONE');
    using compiled = coreWith(one).compileModelSync(model, 'MULTI:CPU(1),ONE(1)');
    const request = compiled.createInferRequest();
    close(valuesOf(request.infer([input(1)]).y), want(1));
    using only = coreWith(one).compileModelSync(model, 'MULTI:ONE(1)');
    const waiting = only.createInferRequest().inferAsync([input()]);
    await Promise.resolve();
    expect(() => only.createInferRequest().infer([input()])).toThrow(expect.objectContaining({ code: 'BUSY' }));
    one.runs.at(-1)?.end();
    await waiting;
    expect(() => only.createInferRequest().infer([input()])).toThrow(expect.objectContaining({ code: 'SYNC_UNAVAILABLE' }));
  });
  it('takes its devices in turn for synchronous inferences, too', () => {
    using compiled = coreWith(mine('MINE', newWorld())).compileModelSync(model, 'MULTI:CPU(1),MINE(1)', { SCHEDULE_POLICY: 'ROUND_ROBIN' });
    const request = compiled.createInferRequest();
    const served = [1, 2, 3, 4].map((i) => {
      request.infer([input(i)]);
      return request.executionDevices.join();
    });
    expect(served).toEqual(['CPU', 'MINE', 'CPU', 'MINE']);
    const { diagram } = compiled.explain();
    expect(diagram?.boxes.map(({ title, group }) => [title, group])).toEqual([
      ['MULTI', ''],
      ['CPU', 'CPU'],
      ['MINE', 'MINE'],
    ]);
    expect(diagram?.wires.map(({ to, label }) => [to, label])).toEqual([
      [1, '2'],
      [2, '2'],
    ]);
  });
  it('logs from the moment that a compiled model is told to', () => {
    using compiled = coreWith().compileModelSync(model, 'MULTI:CPU(1),REFERENCE(1)');
    const request = compiled.createInferRequest();
    const lines: string[] = [];
    const log = vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    request.infer([input(1)]);
    compiled.setProperty({ LOG_LEVEL: 'LOG_TRACE' });
    request.infer([input(1)]);
    log.mockRestore();
    expect(lines.filter((line) => line.includes('run "network" CPU'))).toHaveLength(2);
  });
  it('ends what began before it frees', async () => {
    const one = fake('ONE');
    const compiled = coreWith(one).compileModelSync(model, 'MULTI:ONE(1)');
    const requests = [compiled.createInferRequest(), compiled.createInferRequest()];
    const runs = requests.map((r) => r.inferAsync([input()]));
    await Promise.resolve();
    compiled.release();
    expect(one.released).toEqual([]);
    one.runs[0]?.end();
    await new Promise((resolve) => setTimeout(resolve));
    one.runs[1]?.end();
    await Promise.all(runs);
    await expect(requests[0]?.inferAsync([input()])).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    expect(one.released).toEqual(['ONE request', 'ONE model']);
  });
  it('refuses lists that say nothing, and a device that refuses is an error', () => {
    const refused = (device: string, ...more: Parameters<typeof coreWith>): string => {
      try {
        coreWith(...more).compileModelSync(model, device);
      } catch (error) {
        return (error as CuveeError).code;
      }
      return 'none';
    };
    for (const device of ['MULTI', 'MULTI:CPU,CPU(2)', 'MULTI:-CPU', 'MULTI:CPU,MULTI(CPU)'])
      expect(refused(device)).toBe('ARGUMENT_INVALID');
    const no = fake('NO', {
      compile: () => {
        throw new CuveeError('MODEL_UNSUPPORTED', 'not for me');
      },
    });
    expect(refused('MULTI:CPU,NO', no)).toBe('MODEL_UNSUPPORTED');
  });
  it('supports what all devices support', async () => {
    const no = fake('NO', { query: (m) => new Map(m.nodes().map((n) => [n, n.op.name === 'Relu' ? 'no Relu' : true])) });
    const answers = [...(await coreWith(no).explainSupport(model, 'MULTI:CPU,NO'))].filter(([, a]) => a !== true);
    expect(answers.map(([n, a]) => [n.op.name, a])).toEqual([['Relu', 'NO: no Relu']]);
  });
});
