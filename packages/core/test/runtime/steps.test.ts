/** Long work in steps: how it leaves the processor to others. */
import { describe, expect, it } from 'vitest';
import { paced, type Steps } from '@cuvee/core';
import { loadOf } from '../../src/runtime/load.js';

/** So many steps of a millisecond. */
function* work(steps: number): Steps<number> {
  for (let i = 0; i < steps; i++) {
    for (const until = performance.now() + 1; performance.now() < until; );
    yield;
  }
  return steps;
}
/** Milliseconds that ten steps take. */
async function timed(pace: boolean | number): Promise<number> {
  const since = performance.now();
  expect(await paced(work(10), undefined, pace)).toBe(10);
  return performance.now() - since;
}

describe('paced work', () => {
  it('that nobody waits for takes a small part of the time while inferences run', async () => {
    const load = loadOf('STEPS');
    load.enter();
    try {
      expect(await timed(0.5)).toBeGreaterThan(80);
    } finally {
      load.leave();
    }
  });
  it('that nobody waits for begins after a rest, since what came before it was a part, too', async () => {
    const load = loadOf('STEPS');
    load.enter();
    try {
      let begun = false;
      const run = paced(
        (function* (): Steps<void> {
          begun = true;
          yield;
        })(),
        undefined,
        0.5,
      );
      expect(begun).toBe(false);
      await run;
      expect(begun).toBe(true);
    } finally {
      load.leave();
    }
  });
  it('takes the time that it needs when no inference runs, or when somebody waits', async () => {
    const load = loadOf('STEPS');
    const tries = async (pace: boolean | number): Promise<number> => Math.min(await timed(pace), await timed(pace), await timed(pace));
    expect(await tries(0.5)).toBeLessThan(80);
    load.enter();
    try {
      expect(await tries(true)).toBeLessThan(80);
    } finally {
      load.leave();
    }
  });
  it('rests no longer when it is aborted', async () => {
    const controller = new AbortController();
    const run = paced(work(1000), controller.signal, 0.5);
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await expect(run).rejects.toThrow('enough');
  });
});
