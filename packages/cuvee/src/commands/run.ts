import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Core } from '../index.js';
import { applyShapes, loadInputs, parseConfig } from '../lib/inputs.js';
import { printJson, table } from '../lib/output.js';
import { withProgress, type Progress } from '../lib/progress.js';

interface Flags {
  readonly device: string;
  readonly input: readonly string[];
  readonly shape: readonly string[];
  readonly config: readonly string[];
  readonly iterations: number;
  readonly output?: string;
  readonly json?: boolean;
}

/** File names keep letters, digits, dot, dash and underscore of a tensor's name. */
const fileName = (name: string): string => name.replace(/[^\w.-]/g, '_');

/** `cuvee run` */
export async function run(path: string, flags: Flags): Promise<void> {
  report(flags, await withProgress((shown) => work(path, flags, shown)));
}

/** Everything that takes time: reading, compiling, inferring. */
async function work(path: string, flags: Flags, shown: Progress) {
  const core = new Core();
  const start = performance.now();
  shown.stage(`reading ${basename(path)}`);
  const model = await core.readModel(path);
  applyShapes(model, flags.shape);
  shown.stage(`compiling for ${flags.device}`);
  const compiled = await core.compileModel(model, flags.device, parseConfig(flags.config));
  const loadMs = performance.now() - start;
  const inputs = await loadInputs(model, flags.input);
  const request = compiled.createInferRequest();
  const ms: number[] = [];
  shown.stage('running', Math.max(1, flags.iterations));
  for (let i = 0; i < Math.max(1, flags.iterations); i++) {
    const from = performance.now();
    await request.inferAsync(inputs);
    ms.push(performance.now() - from);
    shown.step();
  }
  return { model, request, loadMs, ms };
}

function report(flags: Flags, { model, request, loadMs, ms }: Awaited<ReturnType<typeof work>>): void {
  if (flags.output) mkdirSync(flags.output, { recursive: true });
  const outputs = model.outputs.map((port, i) => {
    const tensor = request.getOutputTensor(i);
    const file = flags.output && join(flags.output, `${fileName(port.anyName)}.npy`);
    if (file) writeFileSync(file, tensor.toNpy());
    return { name: port.anyName, dtype: tensor.type, shape: [...tensor.shape], ...(file && { file }) };
  });
  const executionDevices = request.executionDevices;
  if (flags.json) {
    printJson({ device: flags.device, executionDevices, loadMs, firstMs: ms[0], ms, outputs });
    return;
  }
  console.log(
    `${model.friendlyName} on ${executionDevices.join(', ')}: loaded in ${loadMs.toFixed(0)} ms, first inference ${(ms[0] as number).toFixed(2)} ms${ms.length > 1 ? `, best of ${ms.length} ${Math.min(...ms).toFixed(2)} ms` : ''}\n`,
  );
  console.log(
    table(
      ['output', 'type', 'shape', 'file'],
      outputs.map((o) => [o.name, o.dtype, `[${o.shape.join(',')}]`, o.file ?? '']),
    ),
  );
}
