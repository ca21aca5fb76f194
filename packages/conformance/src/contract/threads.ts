/** @file Worker threads and the end of the process. */
import { area, check, equal, must, notOffered } from './check.js';
import { isParabola, parabola, products } from './models.js';
import { anyVector, type StartThread, type Subject } from './subject.js';

const starter = ({ startThread }: Subject): StartThread => startThread ?? notOffered('threads, by this runner');

export const threads = area('threads', {
  several: check(
    'It works in several worker threads of one process, any of which may be ended at any time; and the process may end while inferences run.',
    async (s) => {
      const start = starter(s);
      const threads = await Promise.all(Array.from({ length: 3 }, () => start('parabola')));
      for (const thread of threads) equal(await thread.next(), [2, 6, 12], 'the parabola of 1, 2, 3 in a worker thread');
      isParabola((await (await s.request(parabola())).inferAsync({ x: anyVector })).y, anyVector, 'on the main thread meanwhile');
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  ),
  terminated: check(
    'It works in several worker threads of one process, any of which may be ended at any time; and the process may end while inferences run.',
    async (s) => {
      const start = starter(s);
      await s.needs(products());
      for (let i = 0; i < 2; i++) {
        const thread = await start('forever');
        equal(await thread.next(), 'running', 'what the thread says');
        await new Promise((resolve) => setTimeout(resolve, 10 + 7 * i));
        await thread.terminate();
      }
      isParabola(
        (await (await s.request(parabola())).inferAsync({ x: anyVector })).y,
        anyVector,
        'on the main thread after workers were terminated in their runs',
      );
    },
  ),
  exit: check(
    'It works in several worker threads of one process, any of which may be ended at any time; and the process may end while inferences run.',
    async (s) => {
      const start = starter(s);
      await s.needs(products());
      const ended = await start('exit');
      const code = await ended.next();
      must(code === 7, `a process that exits with 7 while an inference is pending ends with ${String(code)}`);
    },
  ),
});
