/** @file Inferences as a Chrome trace (chrome://tracing, ui.perfetto.dev): a lane for each request, and for each run on each device. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { DeviceEvent, EventMessage, NodeProfile } from '../index.js';

/** One entry of the trace; times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly cat?: string;
  /** `X` a span, `i` a moment, `M` a name for a process or thread. */
  readonly ph: 'X' | 'i' | 'M';
  readonly ts?: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid?: number;
  readonly s?: 'g';
  readonly args?: Readonly<Record<string, unknown>>;
}

interface Span {
  readonly name: string;
  readonly kind: 'infer' | 'run';
  readonly group: string;
  readonly start: number;
  readonly end: number;
  readonly args: Readonly<Record<string, unknown>>;
}

const timed = ['infer', 'run'] as const;
const moments = ['selected', 'switched', 'fallback', 'lost'] as const;

/** Hears of inferences from the moment that it is made, until `stop`. */
export class TraceRecorder {
  readonly #since = performance.now();
  readonly #open = new Map<EventMessage, number>();
  readonly #spans: Span[] = [];
  readonly #moments: { readonly at: number; readonly event: DeviceEvent }[] = [];
  readonly #steps: {
    readonly name: string;
    readonly group: string;
    readonly start: number;
    readonly us: number;
    readonly row: NodeProfile;
  }[] = [];
  readonly #listeners: (readonly [string, (message: unknown) => void])[];

  constructor() {
    const begin = (message: unknown): void => void this.#open.set(message as EventMessage, this.#now());
    const moment = (message: unknown): void => void this.#moments.push({ at: this.#now(), event: message as DeviceEvent });
    this.#listeners = [
      ...timed.flatMap((kind) => [
        [`cuvee:${kind}:start`, begin] as const,
        [`cuvee:${kind}`, (message: unknown) => this.#end(kind, message as EventMessage)] as const,
      ]),
      ...moments.map((kind) => [`cuvee:${kind}`, moment] as const),
    ];
    for (const [name, listener] of this.#listeners) subscribe(name, listener);
  }

  /** Hears no more. */
  stop(): void {
    for (const [name, listener] of this.#listeners) unsubscribe(name, listener);
  }

  /** The steps of the inference that ended last, end to end in the runs that it consisted of. */
  addSteps(rows: readonly NodeProfile[]): void {
    const infer = this.#spans.findLastIndex((s) => s.kind === 'infer');
    const whole = this.#spans[infer];
    if (!whole) return;
    const runs = this.#spans
      .filter((s) => s.kind === 'run' && s.start >= whole.start && s.end <= whole.end)
      .sort((a, b) => a.start - b.start);
    let at = 0;
    let span = runs[0] ?? whole;
    let time = span.start;
    let device: string | undefined;
    for (const row of rows) {
      if (device !== undefined && row.device !== device && runs[at + 1]) {
        span = runs[++at] as Span;
        time = span.start;
      }
      device = row.device;
      this.#steps.push({ name: row.type || row.name, group: span.group, start: time, us: row.microseconds, row });
      time += row.microseconds;
    }
  }

  /** What chrome://tracing reads. */
  toJSON(): { readonly traceEvents: readonly TraceEvent[]; readonly displayTimeUnit: 'ms' } {
    const groups = [...new Set(this.#spans.map((s) => s.group))].sort();
    const pid = (group: string): number => groups.indexOf(group) + 1;
    const names = groups.map((group): TraceEvent => ({ name: 'process_name', ph: 'M', pid: pid(group), args: { name: group } }));
    const lanes = new Map<string, number[]>();
    const spans = [...this.#spans]
      .sort((a, b) => a.start - b.start)
      .map((span): TraceEvent => {
        const tid = laneOf(lanes, span);
        const { name, kind, group, start, end, args } = span;
        return { name, cat: kind, ph: 'X', ts: start, dur: end - start, pid: pid(group), tid, args };
      });
    const steps = this.#steps.map(
      ({ name, group, start, us, row }): TraceEvent => ({
        name,
        cat: 'step',
        ph: 'X',
        ts: start,
        dur: us,
        pid: pid(group),
        tid: stepLane,
        args: { node: row.name, kernel: row.kernel },
      }),
    );
    const told = this.#moments.map(
      ({ at, event: { kind, device, by, reason } }): TraceEvent => ({
        name: `${kind} ${device}`,
        cat: by,
        ph: 'i',
        ts: at,
        pid: 1,
        tid: 0,
        s: 'g',
        args: { reason },
      }),
    );
    const titles = [...new Set(this.#steps.map((s) => s.group))].map(
      (group): TraceEvent => ({ name: 'thread_name', ph: 'M', pid: pid(group), tid: stepLane, args: { name: 'steps, end to end' } }),
    );
    return { traceEvents: [...names, ...titles, ...spans, ...steps, ...told], displayTimeUnit: 'ms' };
  }

  #now(): number {
    return (performance.now() - this.#since) * 1000;
  }
  #end(kind: 'infer' | 'run', message: EventMessage): void {
    const start = this.#open.get(message);
    this.#open.delete(message);
    if (start === undefined) return;
    const { model, device = '', details, error } = message;
    const args = { ...details, ...(error !== undefined && { error: String(error) }) };
    const failed = error === undefined ? '' : ' failed';
    const group = kind === 'infer' ? `requests on ${device}` : `device ${device}`;
    const part = details?.part === undefined ? '' : ` part ${String(details.part)}`;
    this.#spans.push({ name: `${kind} ${model}${part}${failed}`, kind, group, start, end: this.#now(), args });
  }
}

/** Below the lanes of runs. */
const stepLane = 1000;

/** The first lane of the span's group that is free when it starts. */
function laneOf(lanes: Map<string, number[]>, { group, start, end }: Span): number {
  const ends = lanes.get(group) ?? [];
  lanes.set(group, ends);
  const free = ends.findIndex((e) => e <= start);
  const lane = free < 0 ? ends.length : free;
  ends[lane] = end;
  return lane + 1;
}
