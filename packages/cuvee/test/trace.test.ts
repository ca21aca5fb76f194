/** Inferences over several devices as a Chrome trace. */
import { describe, expect, it } from 'vitest';
import { Tensor } from '@cuvee/core';
import { mine, newWorld } from 'cuvee-device-mine';
import { coreWith, input, network } from '../../auto/test/support.js';
import { TraceRecorder, type TraceEvent } from '../src/lib/trace.js';

describe('a trace', () => {
  it('has a lane for each request, one for each run on each device, and the steps inside', async () => {
    const core = coreWith(mine('MINE', newWorld()));
    using compiled = await core.compileModel(network(), 'MULTI:CPU(1),MINE(1)', {
      PERF_COUNT: true,
      DEVICE_PROPERTIES: { MINE: { RUN_TIME: 300 } },
    });
    const requests = [1, 2, 3].map(() => compiled.createInferRequest());
    const recorder = new TraceRecorder();
    await Promise.all(requests.map((r, i) => r.inferAsync([input(i)])));
    const [alone] = requests;
    await alone?.inferAsync([input(7)]);
    recorder.addSteps(alone?.profilingInfo() ?? []);
    recorder.stop();
    await alone?.inferAsync([new Tensor('f32', [1, 8])]);
    const { traceEvents } = JSON.parse(JSON.stringify(recorder)) as { traceEvents: TraceEvent[] };

    const group = new Map(traceEvents.filter((e) => e.name === 'process_name').map((e) => [e.pid, String(e.args?.name)]));
    const spans = (cat: string): TraceEvent[] => traceEvents.filter((e) => e.cat === cat);
    expect(spans('infer')).toHaveLength(4);
    expect(new Set(spans('infer').map((e) => e.tid)).size).toBe(3);
    const ran = spans('run').map((e) => group.get(e.pid));
    expect([ran.length, ran.filter((device) => device === 'device MINE').length]).toEqual([4, 1]);
    // runs lie within an inference, steps within a run of their device
    const within = (inner: TraceEvent, outer: TraceEvent[]): boolean =>
      outer.some((o) => (o.ts as number) <= (inner.ts as number) && (o.ts as number) + (o.dur as number) >= (inner.ts as number));
    for (const run of spans('run')) expect(within(run, spans('infer'))).toBe(true);
    expect(spans('step').length).toBeGreaterThan(0);
    for (const step of spans('step')) {
      expect(
        within(
          step,
          spans('run').filter((r) => r.pid === step.pid),
        ),
      ).toBe(true);
      expect(step.args?.kernel).toBeTruthy();
    }
  });
  it('tells of devices that were lost', async () => {
    const core = coreWith(mine('MINE', newWorld()));
    const config = { ENABLE_STARTUP_FALLBACK: false, DEVICE_PROPERTIES: { MINE: { FAIL_AFTER: 0, RETURN_AFTER: 10_000 } } };
    using compiled = await core.compileModel(network(), 'AUTO:MINE,CPU', config);
    const recorder = new TraceRecorder();
    await compiled.createInferRequest().inferAsync([input()]);
    recorder.stop();
    const names = recorder
      .toJSON()
      .traceEvents.filter((e) => e.ph !== 'M')
      .map((e) => e.name);
    expect(names).toEqual(expect.arrayContaining(['run network failed', 'run network', 'infer network', 'lost MINE', 'fallback CPU']));
  });
});
