import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Core, CuveeError, type InferRequest, type Tensor } from '../index.js';
import { axisEnd, latencyChart, sparkline } from '../lib/chart.js';
import { applyShapes, loadInputs, parseConfig } from '../lib/inputs.js';
import { cut, percentile, printJson, table } from '../lib/output.js';
import { withProgress, type Progress } from '../lib/progress.js';
import { TraceRecorder } from '../lib/trace.js';

interface Flags {
  readonly path_to_model?: string;
  readonly target_device: string;
  readonly device?: string;
  readonly perf_hint: string;
  readonly api_type: string;
  readonly number_iterations?: number;
  readonly time?: number;
  readonly number_infer_requests?: number;
  readonly number_streams?: number;
  readonly number_threads?: number;
  readonly batch_size?: number;
  readonly shape: readonly string[];
  readonly input: readonly string[];
  readonly perf_counts?: boolean;
  readonly report_type?: string;
  readonly config: readonly string[];
  readonly chart?: string;
  readonly trace?: string;
  readonly json?: boolean;
}

/** `cuvee benchmark` */
export async function benchmark(argument: string | undefined, flags: Flags): Promise<void> {
  const path = argument ?? flags.path_to_model;
  if (!path) throw new CuveeError('ARGUMENT_INVALID', 'which model? benchmark MODEL, or -m MODEL');
  const device = flags.device ?? flags.target_device;
  const counters = flags.perf_counts === true || (flags.report_type !== undefined && flags.report_type !== 'no_counters');
  const core = new Core();
  const measured = await withProgress((shown) => work(core, path, device, counters, flags, shown));
  report(path, device, counters, flags, measured);
}

/** Everything that takes time: reading, compiling, the first inference, the others. */
async function work(core: Core, path: string, device: string, counters: boolean, flags: Flags, shown: Progress) {
  const start = performance.now();
  shown.stage(`reading ${basename(path)}`);
  const model = await core.readModel(path);
  if (flags.batch_size !== undefined)
    for (const v of model.inputs)
      model.reshape(
        new Map([
          [
            v,
            `[${[flags.batch_size, ...(v.partialShape.getDimensions() as unknown[]).slice(1).map((d) => (d === -1 ? '?' : Array.isArray(d) ? d.join('..') : d))].join(',')}]`,
          ],
        ]),
      );
  applyShapes(model, flags.shape);
  const hint = flags.perf_hint.toUpperCase();
  shown.stage(`compiling for ${device}`);
  const compiled = await core.compileModel(model, device, {
    ...(hint !== 'NONE' && {
      PERFORMANCE_HINT:
        hint === 'TPUT' || hint === 'THROUGHPUT'
          ? 'THROUGHPUT'
          : hint === 'CTPUT' || hint === 'CUMULATIVE_THROUGHPUT'
            ? 'CUMULATIVE_THROUGHPUT'
            : 'LATENCY',
    }),
    ...(flags.number_streams !== undefined && { NUM_STREAMS: flags.number_streams }),
    ...(flags.number_threads !== undefined && { INFERENCE_NUM_THREADS: flags.number_threads }),
    ...((counters || flags.trace !== undefined) && { PERF_COUNT: true }),
    ...parseConfig(flags.config),
  });
  const loadMs = performance.now() - start;
  const inputs = await loadInputs(model, flags.input);
  const optimal = Number(compiled.getProperty('OPTIMAL_NUMBER_OF_INFER_REQUESTS'));
  const count = flags.number_infer_requests ?? (flags.api_type === 'sync' && hint === 'LATENCY' ? 1 : Math.max(1, optimal));
  const requests = Array.from({ length: count }, () => compiled.createInferRequest());
  shown.stage('first inference');
  const firstStart = performance.now();
  await (requests[0] as InferRequest).inferAsync(inputs);
  const firstMs = performance.now() - firstStart;
  const { ms, seconds } = await measure(requests, inputs, flags, shown);
  if (flags.trace !== undefined) {
    shown.stage('tracing');
    writeFileSync(flags.trace, JSON.stringify(await traced(requests, inputs)));
  }
  return { compiled, hint, loadMs, firstMs, count, requests, ms, seconds };
}

/** A few inferences of every request at the same time, then one alone with its steps. */
async function traced(requests: readonly InferRequest[], inputs: Record<string, Tensor>): Promise<TraceRecorder> {
  const recorder = new TraceRecorder();
  try {
    const lane = async (request: InferRequest): Promise<void> => {
      for (let i = 0; i < 3; i++) await request.inferAsync(inputs);
    };
    await Promise.all(requests.map(lane));
    const alone = requests[0] as InferRequest;
    await alone.inferAsync(inputs);
    recorder.addSteps(alone.profilingInfo());
  } finally {
    recorder.stop();
  }
  return recorder;
}

function report(
  path: string,
  device: string,
  counters: boolean,
  flags: Flags,
  { compiled, hint, loadMs, firstMs, count, requests, ms, seconds }: Awaited<ReturnType<typeof work>>,
): void {
  const sorted = [...ms].sort((a, b) => a - b);
  const result = {
    model: path,
    device,
    executionDevices: compiled.executionDevices,
    hint,
    requests: count,
    loadMs,
    firstMs,
    iterations: ms.length,
    seconds,
    latencyMs: {
      median: percentile(sorted, 50),
      average: ms.reduce((a, b) => a + b, 0) / ms.length,
      min: sorted[0],
      max: sorted[sorted.length - 1],
      p90: percentile(sorted, 90),
      p95: percentile(sorted, 95),
      p99: percentile(sorted, 99),
    },
    throughput: ms.length / seconds,
    ...(counters && { steps: (requests[0] as InferRequest).profilingInfo() }),
  };
  if (flags.chart)
    writeFileSync(
      flags.chart,
      latencyChart(ms, {
        title: `${basename(path)} on ${compiled.executionDevices.join(', ')}`,
        subtitle: `${ms.length} inferences in ${seconds.toFixed(1)} s, ${count} at a time, hint ${hint}; loaded in ${loadMs.toFixed(0)} ms, first inference ${firstMs.toFixed(1)} ms`,
        throughput: result.throughput,
      }),
    );
  if (flags.json) {
    printJson(result);
    return;
  }
  const f = (x: number | undefined): string => (x ?? 0).toFixed(3);
  console.log(
    table(
      ['', 'ms'],
      [
        ['load', f(loadMs)],
        ['first inference', f(firstMs)],
        ['median', f(result.latencyMs.median)],
        ['average', f(result.latencyMs.average)],
        ['least', f(result.latencyMs.min)],
        ['95 %', f(result.latencyMs.p95)],
        ['99 %', f(result.latencyMs.p99)],
        ['most', f(result.latencyMs.max)],
      ],
    ),
  );
  console.log(`\n${f(result.latencyMs.min)} ${sparkline(ms)} ${f(axisEnd(sorted))} ms`);
  console.log(
    `\n${ms.length} inferences in ${seconds.toFixed(2)} s by ${count} request${count > 1 ? 's' : ''} on ${compiled.executionDevices.join(', ')}: ${result.throughput.toFixed(1)} a second`,
  );
  if (counters) {
    const steps = [...(requests[0] as InferRequest).profilingInfo()].sort((a, b) => b.microseconds - a.microseconds);
    console.log(
      `\n${table(
        ['step', 'operation', 'kernel', 'µs'],
        steps
          .slice(0, flags.report_type === 'detailed_counters' ? steps.length : 20)
          .map((s) => [cut(s.name, 60), s.type, s.kernel, s.microseconds.toFixed(1)]),
      )}`,
    );
  }
}

/** Runs requests until the number of iterations or the time is up; one of the two is given, else five seconds. */
async function measure(
  requests: readonly InferRequest[],
  inputs: Record<string, Tensor>,
  flags: Flags,
  shown: Progress,
): Promise<{ ms: number[]; seconds: number }> {
  const limit = flags.number_iterations ?? Number.POSITIVE_INFINITY;
  const until = flags.number_iterations === undefined || flags.time !== undefined ? (flags.time ?? 5) * 1000 : Number.POSITIVE_INFINITY;
  shown.stage('measuring', Number.isFinite(limit) ? limit : Math.round(until / 100));
  const ms: number[] = [];
  let started = 0;
  const begin = performance.now();
  let ticks = 0;
  const lane = async (request: InferRequest): Promise<void> => {
    while (started < limit && performance.now() - begin < until) {
      started++;
      const from = performance.now();
      if (flags.api_type === 'sync' && requests.length === 1) request.infer(inputs);
      else await request.inferAsync(inputs);
      ms.push(performance.now() - from);
      if (Number.isFinite(limit)) shown.step();
      else for (const now = Math.floor((performance.now() - begin) / 100); ticks < now; ticks++) shown.step();
    }
  };
  await Promise.all(requests.map(lane));
  return { ms, seconds: (performance.now() - begin) / 1000 };
}
