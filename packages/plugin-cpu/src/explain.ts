/** @file The table that `explain` makes of a plan and of its last run. */
import type { Explanation } from '@cuvee/core';
import type { Addon, Peaks, StepProfile } from './native.js';
import type { Plan } from './plan/plan.js';

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

/**
 * A row for each step: its operation, kernel, tile, layout, type, shape, bytes read and written, flops, strips and original nodes. With
 * times: milliseconds, and the percentage of the roofline, which is the least time that its flops and bytes need at the peaks over the time it took.
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
      const least = peaks && Math.max((ran?.flops ?? 0) / peaks.gflops, (ran?.bytes ?? 0) / peaks.gigabytes);
      return {
        level: k,
        op: step.op,
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
