/** @file A worker thread, or with task `exit` a process, that runs the device as checks of the contract tell it to. */
import { parentPort, workerData } from 'node:worker_threads';
import { parabola, products } from './contract/models.js';
import { coreWith, type Settings } from './core-with.js';
import { Tensor } from '@cuvee/core';

export interface ThreadTask {
  /** `parabola`: one inference, its result is sent. `forever`: inferences without end. `exit`: ends while one is pending, with code 7. */
  readonly task: string;
  readonly device: string;
  readonly plugin?: string | undefined;
  readonly settings?: Settings | undefined;
}

async function perform({ task, device, plugin, settings }: ThreadTask): Promise<void> {
  const core = await coreWith(plugin, settings);
  if (task === 'parabola') {
    const request = (await core.compileModel(parabola(), device)).createInferRequest();
    const { y } = await request.inferAsync({ x: new Tensor('f32', [3], Float32Array.of(1, 2, 3)) });
    parentPort?.postMessage(Array.from(y?.values() as ArrayLike<number>));
    return;
  }
  const request = (await core.compileModel(products(), device)).createInferRequest();
  const x = new Tensor('f32', [512, 96], new Float32Array(512 * 96).fill(0.5));
  parentPort?.postMessage('running');
  if (task === 'exit') {
    setTimeout(() => process.exit(7), 5);
    await Promise.all([request.inferAsync({ x }), new Promise((resolve) => setTimeout(resolve, 100))]);
  } else for (;;) await request.inferAsync({ x });
}

const given = (workerData as ThreadTask | null) ?? (JSON.parse(process.argv[2] ?? '{}') as ThreadTask);
void perform(given).catch((error: unknown) => {
  if (!parentPort) throw error;
  parentPort.postMessage(String(error));
});
