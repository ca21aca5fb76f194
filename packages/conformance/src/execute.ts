/** @file Runs one case on a device. */
import { CuveeError, Tensor, type Core, type InferRequest, type Literal, type Model } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import type { CaseRef, DataSet, Outcome } from './case.js';
import { differences, type Given } from './compare.js';
import { load } from './corpora.js';

const tensorOf = (value: Literal): Tensor => new Tensor(value.type, value.shape, value.storage);

/** What a device refuses is counted apart from what it computes wrongly. */
const unsupported = new Set(['MODEL_UNSUPPORTED', 'NOT_IMPLEMENTED', 'SYNC_UNAVAILABLE']);

export async function execute(
  core: Core,
  device: string,
  ref: CaseRef,
  tolerance: { readonly rtol: number; readonly atol: number },
): Promise<Outcome> {
  const start = performance.now();
  const done = (outcome: Outcome): Outcome => ({
    ...outcome,
    ms: Math.round((performance.now() - start) * 10) / 10,
    ...(ref.op && { op: ref.op }),
  });
  try {
    const wrong = await run(core, device, ref, tolerance);
    return done(wrong === undefined ? { status: 'pass' } : { status: 'fail', reason: wrong });
  } catch (error) {
    const known = error instanceof CuveeError;
    const label = known ? (unsupported.has(error.code) ? 'not supported' : 'error') : 'not a CuveeError';
    return done({ status: 'fail', reason: `${label}: ${error instanceof Error ? error.message : String(error)}` });
  }
}

async function run(
  core: Core,
  device: string,
  ref: CaseRef,
  tolerance: { readonly rtol: number; readonly atol: number },
): Promise<string | undefined> {
  for await (const { where, given, set } of inferences(core, device, ref, tolerance)) {
    if (ref.kind === 'onnx-node' && given.length !== set.outputs.length)
      return `${given.length} tensors as outputs, expected ${set.outputs.length}`;
    const wrong = differences(given, set.outputs);
    if (wrong) return `${where}${wrong}`;
  }
  return undefined;
}

/** One inference of a case: what came out, valid until the next is asked for. */
export interface Inference {
  /** Which model and which data it was, where there are several. */
  readonly where: string;
  readonly given: Given;
  readonly set: DataSet;
}

/** All inferences of a case, one after the other. Throws what the device throws. */
export async function* inferences(
  core: Core,
  device: string,
  ref: CaseRef,
  tolerance: { readonly rtol: number; readonly atol: number },
): AsyncIterable<Inference> {
  const { models, sets, stateful } = load(ref, tolerance);
  for (const { label, model: source, weights, onnx: options } of models) {
    const model = options ? onnx(options).read({ bytes: source as Uint8Array }) : await core.readModel(source, weights);
    const compiled = await core.compileModel(model, device);
    let request = compiled.createInferRequest();
    for (const [i, set] of sets.entries()) {
      if (i > 0 && !stateful) {
        request.release();
        request = compiled.createInferRequest();
      }
      const where = `${models.length > 1 ? `${label}, ` : ''}${sets.length > 1 ? `set ${i}, ` : ''}`;
      yield { where, given: await infer(request, model, set), set };
    }
    request.release();
    compiled.release();
  }
}

/** Inputs that the model has no port for are left out: a reader may drop what nobody uses. */
async function infer(request: InferRequest, model: Model, set: DataSet): Promise<Given> {
  const inputs: Record<string, Tensor> = {};
  set.inputs.forEach(({ name, value }, i) => {
    const port = (name !== undefined && model.inputs.find((v) => v.anyName === name || v.names.includes(name))) || model.inputs[i];
    if (port) inputs[port.anyName] = tensorOf(value);
  });
  await request.inferAsync(inputs);
  return model.outputs.map((port, i) => ({ names: [port.anyName, ...port.names], tensor: request.getOutputTensor(i) }));
}
