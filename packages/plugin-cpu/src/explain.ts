/** @file The table that `explain` makes of a plan and of its last run. */
import type { Explanation } from '@cuvee/core';
import { toldEpilogue } from './lower/epilogue.js';
import { toldProgram } from './lower/elementwise.js';
import type { Addon, Peaks, StepProfile } from './native.js';
import type { Plan, Step } from './plan/plan.js';

/** What a request tells of a level of its last run. */
export interface RunLevel {
  readonly arena: number;
  readonly lowerBound: number;
  readonly steps: readonly {
    readonly kernel?: string;
    readonly shapes: readonly (readonly number[])[];
    readonly bytes?: number;
    readonly flops?: number;
    readonly segment?: number;
    readonly stripRows?: number;
    readonly panelColumns?: number;
    readonly panels?: number;
  }[];
}

const measured = new Map<number, Peaks>();
/** What that many threads of this machine can do; measured when it is first asked for. */
export function roofsOf(addon: Addon, threads: number): Peaks {
  const known = measured.get(threads) ?? addon.peaks(threads);
  measured.set(threads, known);
  return known;
}

/** The peaks as a person reads them: arithmetic, reading from second-level caches and from memory. */
export const toldRoofs = ({ gflops, rates }: Peaks): Explanation['summary'] => ({
  'peak GFLOP/s': round(gflops, 1),
  'peak GB/s, second cache': round(rates[1] ?? 0, 1),
  'peak GB/s, memory': round(rates.at(-1) ?? 0, 1),
});

/** 10⁹ bytes a second at which a step's bytes can come. Those of strips lie in second-level caches; others where as many find room. */
function rateOf(bytes: number, strip: boolean, { rates }: Peaks): number {
  let at = 0;
  while (!strip && bytes > (rates[at] as number) && at + 2 < rates.length) at += 2;
  return rates[at + 1] as number;
}

/** What a step does beside its operation. */
const fusedIn = (step: Step): string =>
  step.family === 'eltwise' ? toldProgram(step) : step.family === 'pyramid' && step.inputs[1] !== -1 ? 'scale' : toldEpilogue(step);

/**
 * A row for each step: its operation, what is fused into it, kernel, tile, layout, type, shape, bytes read and written, flops, strips and
 * original nodes. With times: milliseconds, and the percentage of the roofline: the least time that its flops need at the peak, or its bytes
 * at the rate of the memory or cache that has room for them, over the time it took.
 */
export function explainRows(
  plan: Plan,
  levels: readonly RunLevel[] | undefined,
  times: readonly StepProfile[] | undefined,
  peaks: Peaks | undefined,
): Explanation['rows'] {
  let index = 0;
  return plan.levels.flatMap((level, k) =>
    level.steps.map((step, i) => {
      const ran = levels?.[k]?.steps[i];
      const out = plan.tensors[step.outputs[0] ?? -1];
      const family = step.action === '' ? step.family : `${step.family} ${step.action}`;
      const [kernel = '', tile = ''] = (ran?.kernel ?? '').split('; tile ');
      const nanoseconds = times?.[index++]?.nanoseconds;
      const bytes = ran?.bytes ?? 0;
      const least = peaks && Math.max((ran?.flops ?? 0) / peaks.gflops, bytes / rateOf(bytes, ran?.segment !== undefined, peaks));
      return {
        level: k,
        op: step.op.replace(/^Fused/, ''),
        fused: fusedIn(step),
        kernel: kernel !== '' && kernel !== family ? `${step.family}: ${kernel}` : family,
        ...(ran && { tile }),
        layout: out?.layout ?? '',
        type: out?.type ?? '',
        shape: ran ? ran.shapes.map((s) => `[${s.join(',')}]`).join(' ') : '',
        ...(ran && { bytes: ran.bytes ?? 0, flops: ran.flops ?? 0 }),
        ...(nanoseconds !== undefined && { ms: round(nanoseconds / 1e6, 4) }),
        ...(nanoseconds && least !== undefined && { '% of roofline': round((100 * least) / nanoseconds, 1) }),
        strips: ran?.segment === undefined ? '' : `${ran.segment}: ${ran.panels} panels of ${ran.stripRows} × ${ran.panelColumns}`,
        nodes: step.origin.join(' '),
      };
    }),
  );
}

const round = (x: number, digits: number): number => Number(x.toFixed(digits));
