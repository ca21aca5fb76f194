/** Class AsyncInferQueue, row by row of the API table. */
import { describe, expect, it } from 'vitest';
import type { AsyncInferQueue, QueueCallback } from '@cuvee/core';
import { codeOf, newCore, ov, picture, relu, thrown } from './models.js';

const compiled = newCore().compileModelSync(relu(), 'CPU', { PERFORMANCE_HINT: 'THROUGHPUT' });
const make = (...given: unknown[]) => new (ov.AsyncInferQueue as unknown as new (...a: unknown[]) => AsyncInferQueue)(...given);
const nothing: QueueCallback = () => undefined;

describe('AsyncInferQueue', () => {
  it.each([
    ['nothing', []],
    ['a text as number', [compiled, 'invalid']],
    ['null', [null, 4]],
    ['a fraction', [compiled, 1.5]],
    ['too much', [compiled, 1, 2]],
  ])('constructor of %s throws', (_what, given) => {
    expect(thrown(() => make(...given)).message).toContain("'AsyncInferQueue' constructor method called with incorrect parameters.");
  });
  it('constructor with a number of jobs and without', () => {
    make(compiled).release();
    make(compiled, 4).release();
    make(compiled, 0).release();
  });
  it('runs jobs one after the other', async () => {
    const queue = new ov.AsyncInferQueue(compiled, 4);
    const done: unknown[] = [];
    queue.setCallback((error, request, job) => {
      expect([error, request instanceof ov.InferRequest]).toEqual([null, true]);
      done.push(job);
    });
    for (let i = 0; i < 8; i++) expect(await queue.startAsync({ data: picture() }, i)).toBe(i);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    queue.release();
  });
  it('runs more jobs at once than it has requests; inputs and outputs belong to their job', async () => {
    const queue = new ov.AsyncInferQueue(compiled, 3);
    const seen: unknown[] = [];
    queue.setCallback((_error, request, job) => {
      const first = (t: { data: unknown }) => (t.data as Float32Array)[0];
      seen.push([job, first(request.getInputTensor()), first(request.getOutputTensor())]);
    });
    const jobs = Array.from({ length: 8 }, (_, i) => i);
    const input = (i: number) => picture().fill(i * (i % 2 === 0 ? 1 : -1));
    await Promise.all(jobs.map((i) => queue.startAsync({ data: input(i) }, i)));
    expect(seen).toHaveLength(8);
    expect(seen).toEqual(expect.arrayContaining(jobs.map((i) => [i, i % 2 ? -i : i, i % 2 ? 0 : i])));
    queue.release();
  });
  it('rejects without a callback, and after release', async () => {
    const queue = new ov.AsyncInferQueue(compiled, 1);
    await expect(queue.startAsync({ data: picture() }, 'user')).rejects.toThrow('Callback has to be set before starting inference.');
    queue.setCallback(nothing);
    queue.release();
    await expect(queue.startAsync({ data: picture() }, 'user')).rejects.toThrow('Callback has to be set before starting inference.');
  });
  it('user data may be left out', async () => {
    const queue = new ov.AsyncInferQueue(compiled, 1);
    let data: unknown = 'none';
    queue.setCallback((_error, _request, given) => (data = given));
    expect(await queue.startAsync([picture()])).toBeUndefined();
    expect(data).toBeUndefined();
    queue.release();
  });
  it('setCallback: the last one counts; release may be repeated', async () => {
    const queue = new ov.AsyncInferQueue(compiled, 1);
    queue.setCallback(() => expect.fail('the first callback'));
    let called = 0;
    queue.setCallback(() => called++);
    await queue.startAsync({ data: picture() });
    expect(called).toBe(1);
    queue.release();
    queue.release();
  });
  it('setCallback and startAsync throw at once for wrong arguments', () => {
    const queue = new ov.AsyncInferQueue(compiled, 1);
    const call =
      (method: 'setCallback' | 'startAsync', ...given: unknown[]) =>
      () =>
        (queue[method] as (...a: unknown[]) => unknown).call(queue, ...given);
    for (const given of [[], [5], [nothing, 1]])
      expect(thrown(call('setCallback', ...given)).message).toContain("'setCallback' method called with incorrect parameters.");
    queue.setCallback(nothing);
    for (const given of [[], [5], [{ data: picture() }, 'user', 'extra'], [picture()]])
      expect(thrown(call('startAsync', ...given)).message).toContain("'startAsync' method called with incorrect parameters.");
    queue.release();
  });
  it('what a callback throws rejects that job only; the request serves the next', async () => {
    const queue = new ov.AsyncInferQueue(compiled, 1);
    queue.setCallback((_error, _request, job) => {
      if (job === 0) throw new ReferenceError('jobsDone is not defined');
    });
    const jobs = [
      queue.startAsync({ data: picture() }, 0),
      queue.startAsync({ data: picture() }, 1),
      queue.startAsync({ data: picture() }, 2),
    ];
    expect((await Promise.allSettled(jobs)).map((j) => (j.status === 'fulfilled' ? j.value : (j.reason as Error).message))).toEqual([
      'jobsDone is not defined',
      1,
      2,
    ]);
    queue.release();
  });
  it('an inference that fails is told once to the callback, with its data', async () => {
    const queue = new ov.AsyncInferQueue(compiled, 1);
    const told: unknown[] = [];
    queue.setCallback((error, _request, job) => told.push([(error as { code?: string } | null)?.code, job]));
    await expect(queue.startAsync({ data: picture(5) }, 'bad')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    await queue.startAsync({ data: picture() }, 'good');
    expect(told).toEqual([
      ['ARGUMENT_INVALID', 'bad'],
      [undefined, 'good'],
    ]);
    queue.release();
  });
  it('release rejects those that wait', async () => {
    const queue = new ov.AsyncInferQueue(compiled, 1);
    queue.setCallback(nothing);
    const jobs = [0, 1, 2].map((i) => queue.startAsync({ data: picture() }, i));
    queue[Symbol.dispose]();
    const ends = await Promise.allSettled(jobs);
    expect(ends.slice(1).map((j) => j.status === 'rejected' && (j.reason as { code: string }).code)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(codeOf(() => make(compiled, -1))).toBe('ARGUMENT_INVALID');
  });
});
