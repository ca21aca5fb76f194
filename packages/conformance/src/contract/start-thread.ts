/** @file Starts worker threads and processes for the checks that need some. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ThreadTask } from '../contract.worker.js';
import type { StartThread } from './subject.js';

/** The worker's bundle lies beside the one of the process that runs cases. */
const file = new URL('./contract.worker.js', import.meta.url);

export const threadsOf =
  ({ device, plugin, settings }: Omit<ThreadTask, 'task'>): StartThread =>
  async (task) => {
    const data: ThreadTask = { task, device, plugin, settings };
    if (task === 'exit') {
      const child = fork(fileURLToPath(file), [JSON.stringify(data)], { stdio: 'ignore' });
      return { next: async () => (await once(child, 'exit'))[0] as unknown, terminate: async () => child.kill('SIGKILL') };
    }
    const worker = new Worker(file, { workerData: data });
    const messages: unknown[] = [];
    worker.on('message', (message) => messages.push(message));
    const ended = once(worker, 'exit').then(([code]) => Promise.reject(new Error(`the worker thread ended with code ${String(code)}`)));
    ended.catch(() => undefined);
    const next = async (): Promise<unknown> => {
      if (messages.length === 0) await Promise.race([once(worker, 'message'), ended]);
      return messages.shift();
    };
    return { next, terminate: () => worker.terminate() };
  };
