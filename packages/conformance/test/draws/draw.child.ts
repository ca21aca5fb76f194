/**
 * Judges draws in a process of its own: the room's `evaluate` says what is right, the CPU is judged at each instruction set. Sent an
 * operation and a seed, answers with what became of the draw.
 */
import { Core, CuveeError, isFloat, rooms, sizeOf, type NdArray, type Op } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import type { Case, Cases, Tolerance } from '../../../core/src/ops/cases.js';
import { difference, evaluateCase, modelOf, type Knowledge } from '../../../core/test/ops/run.js';
import { refused } from '../../../plugin-cpu/test/ops/refused.js';
import { programmingError } from '../robust/slip.js';
import { described, draw, seedsOf, type Draw, type Seeds } from './draw.js';
import { runOnCpu } from '../../../plugin-cpu/test/interpreted.js';

/** Which draw, and at which instruction sets. */
export interface DrawJob {
  /** File name of the operation's cases without `.cases.ts`. */
  readonly file: string;
  readonly seed: number;
  readonly isas: readonly string[];
}
/** `agreed`, `refused` by both, `too large` to be judged, or `wrong`; what the draw was, and what is wrong. */
export interface DrawAnswer {
  readonly op: string;
  readonly outcome: 'agreed' | 'refused' | 'too large' | 'wrong';
  readonly draw: string;
  readonly problems: readonly string[];
  readonly ms: number;
}

const core = new Core({ plugins: [cpu()], frontends: [] });
const known = new Map<string, Seeds>();

async function seedsIn(file: string): Promise<Seeds> {
  let seeds = known.get(file);
  if (!seeds) {
    const { default: cases } = (await import(`../../../core/src/ops/${file}.cases.ts`)) as { default: Cases };
    known.set(file, (seeds = seedsOf(rooms.get(cases.op) as Op, cases)));
  }
  return seeds;
}

/** Elements that an output may have. */
const mostElements = 2 ** 18;

/** What rounding to a narrower type adds to a room's tolerance. */
const roundings: Readonly<Record<string, number>> = { f16: 4e-3, bf16: 3e-2 };

function toleranceOf({ rtol, atol }: Tolerance, one: Case, outputs: readonly NdArray[]): Tolerance {
  const types = [...one.inputs, ...outputs].map((x) => x?.type ?? '');
  const rounding = Math.max(...types.map((t) => roundings[t] ?? (t.startsWith('f8') || t === 'f4e2m1' || t === 'nf4' ? 0.13 : 0)));
  // Rooms that only move elements, and their cases, are exact in every type; sums of other values than the cases' may round more.
  const usual = rtol === 0 && atol === 0 ? 1e-6 : 1e-5;
  return {
    rtol: Math.max(rtol, usual, rtol === 0 && atol === 0 ? 0 : rounding),
    atol: Math.max(atol, usual, rtol === 0 && atol === 0 ? 0 : rounding),
  };
}

type Judged = readonly NdArray[] | CuveeError | 'too large' | { readonly slip: string };

/** What the room says; an error of the user's side is a refusal. */
function judge(room: Op, one: Case): Judged {
  try {
    const { node } = modelOf(room, one, 'static');
    for (const { fact } of node.outputs)
      if (fact.shape?.every((d) => typeof d === 'number') && sizeOf(fact.shape as number[]) > mostElements) return 'too large';
    const outputs = evaluateCase(room, one);
    return outputs.some((o) => o.data.length > mostElements) ? 'too large' : outputs;
  } catch (error) {
    const slip = programmingError(error);
    if (slip) return { slip: `REFERENCE: ${slip.stack}` };
    return error as CuveeError;
  }
}

/** Types that operations are computed in; the narrower ones are stored, moved and converted. */
const computed = /^(boolean|[iu](8|16|32|64)|f(16|32|64)|bf16|string)$/;

/**
 * What a device may refuse that has a reason: to compute in the narrow types, ranks that only the run tells, what is a constant in all
 * cases of the operation and only the run tells here, loops that change a rank, and what `refused.ts` lists.
 */
const mayRefuse = (room: Op, { one, how }: Draw, knowledge: Knowledge, error: unknown): boolean =>
  error instanceof CuveeError &&
  (error.code === 'MODEL_UNSUPPORTED' || error.message.includes('must be known')) &&
  (knowledge === 'rank unknown' ||
    one.inputs.some((x) => x && !computed.test(x.type)) ||
    how.includes('constancy') ||
    room.traits.control ||
    refused[room.name] !== undefined);

const message = (error: unknown): string => (error instanceof CuveeError ? `${error.code} ${error.message}` : String(error));

/** The largest finite magnitude. */
const largest = (arrays: readonly NdArray[]): number =>
  arrays.reduce((most, a) => (a.data as Float32Array).reduce((m, x) => (Number.isFinite(x) ? Math.max(m, Math.abs(x)) : m), most), 0);

/** Whether sums that cancel differ by no more than their terms' rounding. */
const close = (a: NdArray, b: NdArray, by: number): boolean =>
  isFloat(a.type) &&
  a.type === b.type &&
  a.shape.join() === b.shape.join() &&
  (a.data as Float32Array).every((x, i) => Math.abs(x - (b.data[i] as number)) <= by);

/** What is wrong with the CPU's answer. */
async function problemOf(drawn: Draw, room: Op, knowledge: Knowledge, truth: readonly NdArray[] | CuveeError, tolerance: Tolerance) {
  try {
    const { model, parameters } = modelOf(room, drawn.one, knowledge);
    const actual = await runOnCpu(core, model, parameters);
    // Indices and counts that are out of range need not be looked for by a device that stays within its memory.
    // A graph of unknown rank was made of an operation whose limits it does not know.
    if (truth instanceof CuveeError)
      return truth.code === 'ARGUMENT_INVALID' || knowledge === 'rank unknown'
        ? undefined
        : `runs, refused by REFERENCE: ${message(truth)}`;
    if (room.traits.impure) return undefined;
    const inputs = largest(drawn.one.inputs.flatMap((x) => (x && isFloat(x.type) ? [x.nd()] : [])));
    const differences = truth.map((t, i) => {
      const found = actual[i] as NdArray;
      return close(found, t, tolerance.atol * inputs) ? undefined : difference(found, t, tolerance);
    });
    const at = differences.findIndex((d) => d !== undefined);
    return at < 0 ? undefined : `output ${at}: ${differences[at]}`;
  } catch (error) {
    const slip = programmingError(error);
    if (slip) return `slip: ${message(error)} ${slip.stack}`;
    return truth instanceof CuveeError || mayRefuse(room, drawn, knowledge, error) ? undefined : `refused: ${message(error)}`;
  }
}

async function answer({ file, seed, isas }: DrawJob): Promise<DrawAnswer> {
  const start = performance.now();
  const seeds = await seedsIn(file);
  const { room, cases } = seeds;
  const drawn = draw(seeds, seed);
  const knowledge: Knowledge = seed % 8 === 7 ? 'rank unknown' : seed % 2 === 0 ? 'static' : 'symbolic';
  const truth = judge(room, drawn.one);
  const end = (outcome: DrawAnswer['outcome'], problems: readonly string[] = []): DrawAnswer => ({
    op: room.name,
    outcome: problems.length > 0 ? 'wrong' : outcome,
    draw: `${knowledge}: ${described(drawn)}`,
    problems,
    ms: performance.now() - start,
  });
  if (truth === 'too large') return end('too large');
  if ('slip' in truth) return end('wrong', [truth.slip]);
  const refused = truth instanceof CuveeError;
  const tolerance = refused ? cases.tolerance : toleranceOf(cases.tolerance, drawn.one, truth);
  const problems: string[] = [];
  for (const isa of refused ? isas.slice(-1) : isas) {
    process.env['CUVEE_ISA'] = isa; // read by each compilation
    const problem = await problemOf(drawn, room, knowledge, truth, tolerance);
    if (problem) problems.push(`${isa}: ${problem}`);
  }
  return end(refused ? 'refused' : 'agreed', problems);
}

process.on('message', (job: DrawJob) => void answer(job).then((a) => process.send?.(a)));
if (process.argv[2] === '--show')
  void seedsIn(process.argv[3] as string).then((s) => console.log(described(draw(s, Number(process.argv[4])))));
