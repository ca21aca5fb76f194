// What packages.test.ts runs in processes of their own, on the built packages: node child.mjs WHAT
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Core } from '@cuvee/core';
import whole, { addon as ov, Tensor } from '@cuvee/openvino-node';

const require = createRequire(import.meta.url);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const layers = (shape) => `<?xml version="1.0"?><net name="m" version="11"><layers>
<layer id="0" name="x" type="Parameter" version="opset1"><data shape="${shape}" element_type="f32"/><output><port id="0" precision="FP32" names="x"/></output></layer>
<layer id="1" name="r" type="Softmax" version="opset8"><data axis="-1"/><input><port id="0"/></input><output><port id="1" precision="FP32" names="y"/></output></layer>
<layer id="2" name="y/out" type="Result" version="opset1"><input><port id="0"/></input></layer></layers>
<edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/><edge from-layer="1" from-port="1" to-layer="2" to-port="0"/></edges></net>`;
const compiled = (core = new ov.Core()) => core.compileModelSync(core.readModelSync(layers('?,?'), new Tensor('u8', [0])), 'CPU');
const large = () => ({ x: new Tensor('f32', [4000, 4000]) });

const what = {
  // One module, however it is asked for.
  same() {
    const required = require('@cuvee/openvino-node');
    const umbrella = require('cuvee/openvino-node');
    say([
      required.addon === ov,
      umbrella.addon === ov,
      ov.Core === Core,
      required.Tensor === Tensor,
      typeof ov.preprocess.PrePostProcessor,
      whole.addon === ov,
    ]);
  },
  run() {
    say(
      Array.from(
        compiled()
          .createInferRequest()
          .infer({ x: new Tensor('f32', [1, 2]) }).y.data,
      ),
    );
  },
  // Nothing is released, and a queue waits for jobs: the process ends by itself.
  unreleased() {
    const model = compiled();
    const queue = new ov.AsyncInferQueue(model, 2);
    queue.setCallback(() => undefined);
    model.createInferRequest().infer({ x: new Tensor('f32', [1, 2]) });
    say('done');
  },
  // A pending job keeps the process alive until it is done.
  async pending() {
    void compiled()
      .createInferRequest()
      .inferAsync(large())
      .then(({ y }) => say(y.getShape()));
  },
  failing() {
    const request = compiled().createInferRequest();
    for (let i = 0; i < 20; i++) {
      try {
        void request.inferAsync({ x: 'text' });
      } catch {
        // thrown at once
      }
    }
    request.inferAsync({ x: new Tensor('f32', [0, 0]) }).then(
      () => say('done'),
      () => say('failed'),
    );
  },
  exit() {
    const model = compiled();
    for (let i = 0; i < 4; i++) void model.createInferRequest().inferAsync(large());
    process.exit(7);
  },
  uncaught() {
    void compiled().createInferRequest().inferAsync(large());
    setTimeout(() => {
      throw new Error('on purpose');
    }, 5);
  },
  async workers() {
    for (let i = 0; i < 12; i++) {
      const worker = new Worker(new URL(import.meta.url), { argv: ['inWorker'] });
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    }
    say('alive');
  },
  inWorker() {
    const model = compiled();
    for (let i = 0; i < 2; i++) void model.createInferRequest().inferAsync(large());
    parentPort?.postMessage(isMainThread ? 'main' : 'running');
  },
  log() {
    void compiled()
      .createInferRequest()
      .infer({ x: new Tensor('f32', [1, 2]) });
  },
};
await what[process.argv[2]]();
