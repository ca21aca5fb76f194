/**
 * Runs mutants of a model in a process of its own: reads, compiles for CPU, infers once. Sent a job, answers with what became of
 * it and the most memory that was resident meanwhile.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Core, CuveeError, sizeOf, Tensor, type Model } from 'cuvee';
import { readModelProto } from '../../../frontend-onnx/src/proto/index.js';
import { writeModelProto } from '../../../frontend-onnx/test/encode.js';
import { caseFiles } from '../../src/source.js';
import { mutateIr } from './mutate-ir.js';
import { programmingError } from './slip.js';
import { mutate } from '../../../frontend-onnx/test/mutate.js';

/** Which mutant: of an ONNX file, or of an IR of the operation corpus. */
export interface MutantJob {
  readonly file: string;
  readonly seed: number;
  /** Folder of the IR in the corpus's zip `file`. */
  readonly folder?: string;
  /** Default CPU. */
  readonly device?: string;
}
/** `ran`, or the code of the error; `slip`: a JavaScript error of our own code below it, or INTERNAL. */
export interface MutantAnswer {
  readonly what: string;
  readonly outcome: string;
  readonly message: string;
  readonly peakBytes: number;
  readonly ms: number;
}

const core = new Core();
const originals = new Map<string, ReturnType<typeof readModelProto>>();

/** Starts measuring the peak anew (Linux; elsewhere the peak of the whole process counts). */
function resetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak of the process it is.
  }
}
function peak(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

/** A size that both networks take. */
const usual = [1, 3, 48, 192];

/** Inputs by the model's own word: free sizes become usual ones. More than the test wants to hold is not fed. */
function inputsOf(model: Model): Tensor[] | undefined {
  const shapes = model.inputs.map(
    (v) => v.partialShape.dimensions?.map(([lo, hi], i) => (lo === hi ? lo : Math.max(lo, usual[i] ?? 1))) ?? usual,
  );
  if (shapes.some((s) => !(sizeOf(s) <= 2 ** 22))) return undefined;
  return model.inputs.map((v, i) => {
    const tensor = new Tensor(v.elementType === 'dynamic' ? 'f32' : v.elementType, shapes[i] as number[]);
    // Ones: a loop that adds its input until a limit ends.
    if (tensor.data instanceof Float32Array) tensor.data.fill(1);
    return tensor;
  });
}

function onnxMutant({ file, seed }: MutantJob): { readonly what: string; readonly read: () => Promise<Model> } {
  let original = originals.get(file);
  if (!original) originals.set(file, (original = readModelProto(new Uint8Array(readFileSync(file)))));
  const { model: mutant, what } = mutate(original, seed);
  const bytes = writeModelProto(mutant);
  return { what, read: () => core.readModel(bytes) };
}

function irMutant({ file, folder = '', seed }: MutantJob): { readonly what: string; readonly read: () => Promise<Model> } {
  const files = caseFiles(file, folder);
  const { xml, what } = mutateIr(new TextDecoder().decode(files.read('model.xml')), seed);
  const weights = files.names.includes('model.bin') ? files.read('model.bin') : new Uint8Array();
  return { what, read: () => core.readModel(new TextEncoder().encode(xml), weights) };
}

async function attempt(job: MutantJob): Promise<MutantAnswer> {
  const { what, read } = job.folder === undefined ? onnxMutant(job) : irMutant(job);
  resetPeak();
  const start = performance.now();
  let outcome = 'ran';
  let message = '';
  try {
    const model = await read();
    using compiled = await core.compileModel(model, job.device ?? 'CPU');
    const inputs = inputsOf(model);
    using request = compiled.createInferRequest();
    // A loop whose condition stays true is no hang while it can be cancelled.
    const patience = setTimeout(() => request.cancel(), 5000);
    if (inputs) await request.inferAsync(inputs).finally(() => clearTimeout(patience));
  } catch (error) {
    const slip = programmingError(error);
    outcome = slip ? 'slip' : error instanceof CuveeError ? error.code : 'not a CuveeError';
    message = `${error instanceof Error ? error.message : String(error)}${slip ? ` ${slip.stack}` : ''}`;
  }
  return { what, outcome, message: message.slice(0, 1500), peakBytes: peak(), ms: performance.now() - start };
}

process.on('message', (job: MutantJob) => void attempt(job).then((answer) => process.send?.(answer)));
