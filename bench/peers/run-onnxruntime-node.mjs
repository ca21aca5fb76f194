/** @file onnxruntime-node behind the measuring protocol; CUVEE_PEERS names the folder in whose node/ it is installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { serve } from '../serve.mjs';

const require = createRequire(join(process.env.CUVEE_PEERS, 'node', 'package.json'));
const { InferenceSession, Tensor } = require('onnxruntime-node');
const { version } = require('onnxruntime-node/package.json');

const names = {
  f64: 'float64',
  f32: 'float32',
  f16: 'float16',
  i64: 'int64',
  i32: 'int32',
  i16: 'int16',
  i8: 'int8',
  u64: 'uint64',
  u32: 'uint32',
  u16: 'uint16',
  u8: 'uint8',
  bool: 'bool',
};
const shortName = (type) => Object.keys(names).find((short) => names[short] === type);
let session;
let feeds;
let results;

const feedsOf = (inputs) =>
  Object.fromEntries(Object.entries(inputs).map(([name, { dtype, shape, data }]) => [name, new Tensor(names[dtype], data, shape)]));

await serve({
  version: () => `onnxruntime-node ${version}`,
  async load({ model, inputs, threads }) {
    session = await InferenceSession.create(model, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    feeds = feedsOf(inputs);
  },
  use(inputs) {
    feeds = feedsOf(inputs);
  },
  async infer() {
    results = await session.run(feeds);
  },
  outputs: () =>
    session.outputNames.map((name) => ({
      name,
      dtype: shortName(results[name].type),
      shape: results[name].dims,
      data: results[name].data,
    })),
});
