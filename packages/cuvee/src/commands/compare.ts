import { basename } from 'node:path';
import { builder, cloneModel, Core, CuveeError, Model, type Node, type Tensor } from '../index.js';
import { applyShapes, loadInputs } from '../lib/inputs.js';
import { printJson, strong, table } from '../lib/output.js';
import { withProgress, type Progress } from '../lib/progress.js';

interface Flags {
  readonly device: string;
  readonly reference: string;
  readonly input: readonly string[];
  readonly shape: readonly string[];
  readonly layers?: boolean;
  readonly rtol: number;
  readonly atol: number;
  readonly json?: boolean;
}

interface Difference {
  readonly output: string;
  readonly maxAbs: number;
  readonly maxRel: number;
  readonly equal: boolean;
}

/** `cuvee compare` */
export async function compare(path: string, flags: Flags): Promise<void> {
  const { outputs, first } = await withProgress(async (shown) => {
    const core = new Core();
    shown.stage(`reading ${basename(path)}`);
    const model = await core.readModel(path);
    applyShapes(model, flags.shape);
    const inputs = await loadInputs(model, flags.input);
    const [found] = await differences(core, model, inputs, flags, shown);
    const search = flags.layers && found.some((o) => !o.equal);
    return { outputs: found, first: search ? await firstDifferent(core, model, inputs, flags, shown) : undefined };
  });
  const equal = outputs.every((o) => o.equal);
  if (flags.json)
    printJson({
      model: path,
      device: flags.device,
      reference: flags.reference,
      equal,
      outputs,
      ...(flags.layers && { firstDifferentLayer: first ?? null }),
    });
  else {
    console.log(
      table(
        ['output', 'max abs', 'max rel', ''],
        outputs.map((o) => [o.output, o.maxAbs.toExponential(2), o.maxRel.toExponential(2), o.equal ? 'equal' : strong('DIFFERS')]),
      ),
    );
    if (first) console.log(`\nfirst layer that differs: ${first.op} "${first.node}", max abs ${first.maxAbs.toExponential(2)}`);
  }
  if (!equal) process.exitCode = 1;
}

async function differences(
  core: Core,
  model: Model,
  inputs: Record<string, Tensor>,
  flags: Flags,
  shown?: Progress,
): Promise<[Difference[]]> {
  const run = async (device: string): Promise<Tensor[]> => {
    shown?.stage(`running on ${device}`);
    const request = (await core.compileModel(model, device)).createInferRequest();
    await request.inferAsync(inputs);
    return model.outputs.map((_, i) => request.getOutputTensor(i).slice());
  };
  const a = await run(flags.device);
  const b = await run(flags.reference);
  return [model.outputs.map((port, i) => difference(port.anyName, a[i] as Tensor, b[i] as Tensor, flags))];
}

function difference(output: string, a: Tensor, b: Tensor, { rtol, atol }: Flags): Difference {
  if (a.type !== b.type || a.shape.join() !== b.shape.join())
    throw new CuveeError(
      'SHAPE_MISMATCH',
      `output "${output}" is ${a.type} [${a.shape.join(',')}] against ${b.type} [${b.shape.join(',')}]`,
    );
  const x = a.values() as ArrayLike<number | bigint | string>;
  const y = b.values() as ArrayLike<number | bigint | string>;
  let [maxAbs, maxRel, peak, equal] = [0, 0, 0, true];
  for (let i = 0; i < y.length; i++) if (Number.isFinite(Number(y[i]))) peak = Math.max(peak, Math.abs(Number(y[i])));
  for (let i = 0; i < y.length; i++) {
    if (x[i] === y[i] || (Number.isNaN(x[i]) && Number.isNaN(y[i]))) continue;
    const [p, q] = [Number(x[i]), Number(y[i])];
    const d = Math.abs(p - q);
    maxAbs = Math.max(maxAbs, d);
    maxRel = Math.max(maxRel, d / (Math.abs(q) || 1));
    if (!(d <= atol * peak + rtol * Math.abs(q))) equal = false;
  }
  return { output, maxAbs, maxRel, equal };
}

/** Makes every node an output, one after the other by halving, until the first that differs is found. */
async function firstDifferent(
  core: Core,
  model: Model,
  inputs: Record<string, Tensor>,
  flags: Flags,
  shown: Progress,
): Promise<{ op: string; node: string; maxAbs: number } | undefined> {
  const nodes = model.nodes().filter((n) => n.op.name !== 'Constant' && n.op.name !== 'Parameter' && n.op.name !== 'Result');
  let [lo, hi] = [0, nodes.length - 1];
  let found: { op: string; node: string; maxAbs: number } | undefined;
  shown.stage('looking for the first layer that differs', Math.ceil(Math.log2(nodes.length + 1)));
  while (lo <= hi) {
    const middle = (lo + hi) >> 1;
    const node = nodes[middle] as Node;
    const [[d]] = await differences(core, upTo(model, node), inputs, flags);
    shown.step();
    if (d && !d.equal) {
      found = { op: node.op.name, node: node.name, maxAbs: d.maxAbs };
      hi = middle - 1;
    } else lo = middle + 1;
  }
  return found;
}

/** The model with one node's first output as its only result. */
function upTo(model: Model, node: Node): Model {
  const { model: copy, values } = cloneModel(model);
  const g = builder(copy.scope);
  const result = g.result(values.get(node.output) ?? node.output, node.name);
  return new Model({ name: `${model.name} up to ${node.name}`, parameters: copy.parameters, results: [result], scope: copy.scope });
}
