/**
 * @file `node bench/soak.mjs [--inferences 20000] [--first 1000] [--model FILE]`: detection with sizes 320 to 960 in steps of 32, seed 1, four
 * requests of one dynamic model in turn. Resident memory at the end may be 5 % above that after the first inferences; exit code 1 else.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Core, Tensor } from 'cuvee';
import { models } from './lib/runners.mjs';

const { values } = parseArgs({
  options: {
    inferences: { type: 'string', default: '20000' },
    first: { type: 'string', default: '1000' },
    model: { type: 'string' },
    most: { type: 'string', default: '960' },
  },
});
const resident = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
let state = 1;
const random = (n) => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
};
const core = new Core();
const compiled = core.compileModelSync(core.readModelSync(values.model ?? models().det), 'CPU', { INFERENCE_NUM_THREADS: 2 });
const requests = Array.from({ length: 4 }, () => compiled.createInferRequest());
const most = Number(values.most);
// One memory for all pictures: what is measured is ours, not the collection of the pictures.
const pixels = Float32Array.from({ length: 3 * most * most }, () => random(2 ** 24) / 2 ** 24);
const input = compiled.inputs[0].anyName;
const total = Number(values.inferences);
const side = () => 320 + 32 * random((most - 320) / 32 + 1);
let after = 0;
for (let i = 1; i <= total; i++) {
  const [h, w] = [side(), side()];
  await requests[i % 4].inferAsync({ [input]: new Tensor('f32', [1, 3, h, w], pixels.subarray(0, 3 * h * w)) });
  if (i === Number(values.first)) after = resident();
  if (i % Math.ceil(total / 20) === 0) console.log(`${i}: ${resident().toFixed(1)} MB`);
}
const end = resident();
console.log(
  `after ${values.first}: ${after.toFixed(1)} MB, after ${total}: ${end.toFixed(1)} MB, ${(((end - after) / after) * 100).toFixed(2)} %`,
);
process.exit(end <= after * 1.05 ? 0 : 1);
