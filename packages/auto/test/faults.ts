/**
 * Inferences while devices fail, hang, vanish and return. Alone: `npx tsx --expose-gc packages/auto/test/faults.ts [INFERENCES]` (10,000 for
 * each device text), one line each, exit code 1 when anything was lost, doubled, wrong or leaked.
 */
import { pathToFileURL } from 'node:url';
import { auto } from '@cuvee/auto';
import { builder, Core, CuveeError, Model, Tensor, type InferRequest } from '@cuvee/core';
import { multi } from '@cuvee/multi';
import { cpu } from '@cuvee/plugin-cpu';
import { mine, newWorld } from 'cuvee-device-mine';

/** What came of it. */
export interface FaultReport {
  readonly device: string;
  readonly inferences: number;
  /** With the right result. */
  readonly right: number;
  readonly wrong: number;
  /** Rejected, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Never settled. */
  readonly lost: number;
  /** Told of more than once. */
  readonly twice: number;
  /** Events of loss and of repetition. */
  readonly losses: number;
  /** Models and requests that the faulty devices still hold after the release. */
  readonly leaked: number;
  /** Growth of the process from the first fifth to the end, bytes. */
  readonly growth: number;
  readonly seconds: number;
}

export interface FaultOptions {
  readonly inferences: number;
  /** Milliseconds after which a hanging device counts as lost. */
  readonly deadline: number;
  /** Inferences at a time. */
  readonly lanes?: number;
}

const width = 64;
function model(): Model {
  const g = builder();
  const x = g.parameter('f32', `?,${width}`, 'x');
  const weights = Array.from({ length: width * width }, (_, i) => ((i * 7) % 13) / 13 - 0.3);
  const y = g.relu(g.matMul(x, g.constant('f32', [width, width], weights)));
  y.names = ['y'];
  return new Model({ name: 'faults', parameters: [x.node], results: [g.result(y)], scope: g.scope });
}
const input = (seed: number): Tensor =>
  new Tensor(
    'f32',
    [1 + (seed % 3), width],
    Float32Array.from({ length: width * (1 + (seed % 3)) }, (_, i) => Math.sin(seed + i)),
  );
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Repeatable numbers in [0, 1). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
const resident = (): number => {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage.rss();
};

/**
 * Runs so many inferences on a device text made of FLAKY (is lost), STUCK (hangs), MOODY (lost and vanishing), BROKEN (plain errors), CPU,
 * and STEADY, which never fails and is slow, so that the others get their share.
 */
export async function faults(device: string, { inferences, deadline, lanes = 12 }: FaultOptions): Promise<FaultReport> {
  const worlds = { FLAKY: newWorld(), STUCK: newWorld(), MOODY: newWorld(), BROKEN: newWorld(), STEADY: newWorld() };
  const core = new Core({
    plugins: [auto(), multi(), cpu(), ...Object.entries(worlds).map(([name, world]) => mine(name, world))],
    frontends: [],
  });
  const knobs = { RUN_TIME: 1, STREAMS: 3, RETURN_AFTER: 40 };
  core.setProperty('FLAKY', { ...knobs, FAIL_RATE: 0.02, SEED: 3, FAIL_AFTER: 30, FAIL_COUNT: 1 });
  core.setProperty('STUCK', { ...knobs, FAIL_RATE: 0.01, SEED: 11, FAILURE: 'HANG' });
  core.setProperty('MOODY', { ...knobs, FAIL_RATE: 0.005, SEED: 5 });
  core.setProperty('STEADY', { RUN_TIME: 4, STREAMS: 3 });
  core.setProperty('BROKEN', { ...knobs, FAIL_RATE: 0.02, SEED: 7, FAILURE: 'ERROR' });

  const seeds = 48;
  const direct = core.compileModelSync(model(), 'CPU').createInferRequest();
  const wanted = Array.from({ length: seeds }, (_, seed) => direct.infer([input(seed)]).y?.slice().data as Float32Array);
  const random = dice(17);
  const vanish = setInterval(() => {
    if (random() < 0.3) worlds.MOODY.lostUntil = performance.now() + random() * 150;
  }, 20);

  // Faulty from the first inference on: how long the CPU helps out depends on the machine.
  const startup = device.startsWith('AUTO') && { ENABLE_STARTUP_FALLBACK: false };
  const compiled = await core.compileModel(model(), device, { CUVEE_RUN_DEADLINE_MS: deadline, ...startup });
  const told = new Uint8Array(inferences);
  const errors: Record<string, number> = {};
  let [next, right, wrong, settled, early] = [0, 0, 0, 0, 0];
  const check = (index: number, error: unknown, request: InferRequest): void => {
    settled++;
    told[index] = (told[index] as number) + 1;
    if (error !== null) {
      const code = error instanceof CuveeError ? error.code : String(error);
      errors[code] = (errors[code] ?? 0) + 1;
      return;
    }
    const got = request.getOutputTensor(0).data as Float32Array;
    const want = wanted[index % seeds] as Float32Array;
    if (got.length === want.length && got.every((v, i) => v === want[i])) right++;
    else wrong++;
  };
  /** Half of the lanes by promises, half by callbacks. */
  const lane = async (which: number): Promise<void> => {
    let request = compiled.createInferRequest();
    for (let index = next++; index < inferences; index = next++) {
      if (index === Math.floor(inferences / 5)) early = resident();
      const at = index;
      if (which % 2 === 0)
        await request.inferAsync([input(at % seeds)]).then(
          () => check(at, null, request),
          (error: unknown) => check(at, error, request),
        );
      else
        await new Promise<void>((resolve) => {
          request.setCallback((error, own) => {
            check(at, error, own);
            resolve();
          });
          request.startAsync([input(at % seeds)]);
        });
      if (random() < 0.02) {
        request.release();
        request = compiled.createInferRequest();
      }
    }
    request.release();
  };
  const since = performance.now();
  const late = new Promise((resolve) => setTimeout(resolve, 60_000 + inferences * 60).unref());
  await Promise.race([Promise.all(Array.from({ length: lanes }, (_, i) => lane(i))), late]);
  clearInterval(vanish);
  const seconds = (performance.now() - since) / 1000;
  const growth = early === 0 ? 0 : resident() - early;
  const losses = compiled.explain().rows.reduce((sum, row) => sum + Number(row.losses ?? 0), 0);
  compiled.release();
  const held = (): number => Object.values(worlds).reduce((sum, { models, requests }) => sum + models.size + requests.size, 0);
  for (let i = 0; i < 200 && held() > 0; i++) await pause(10);
  const twice = told.filter((n) => n > 1).length;
  return { device, inferences, right, wrong, errors, lost: inferences - settled, twice, losses, leaked: held(), growth, seconds };
}

/** What went wrong, in words; empty when nothing did. */
export function complaints(report: FaultReport, mostGrowth: number): string[] {
  const said = Object.keys(report.errors).filter((code) => code !== 'DEVICE_LOST' && code !== 'INTERNAL');
  return [
    ...(report.wrong > 0 ? [`${report.wrong} wrong results`] : []),
    ...(report.lost > 0 ? [`${report.lost} inferences never settled`] : []),
    ...(report.twice > 0 ? [`${report.twice} inferences were told of twice`] : []),
    ...(report.leaked > 0 ? [`${report.leaked} models and requests leaked`] : []),
    ...(report.losses === 0 ? ['no device was ever lost: nothing was tested'] : []),
    ...(report.growth > mostGrowth ? [`the process grew by ${(report.growth / 2 ** 20).toFixed(0)} MiB`] : []),
    ...(said.length > 0 ? [`unclear errors ${said.join(', ')}`] : []),
  ];
}

/** The device texts that the faults are tried on. */
export const faultyDevices = [
  'AUTO:FLAKY,STUCK,MOODY,CPU',
  'AUTO:FLAKY,MOODY,STUCK,STEADY',
  'AUTO:FLAKY,MOODY',
  'MULTI:FLAKY(3),STUCK(2),MOODY(2),STEADY(1)',
  'MULTI:BROKEN,FLAKY,MOODY',
] as const;

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  let bad = false;
  for (const device of faultyDevices) {
    const report = await faults(device, { inferences: Number(process.argv[2] ?? 10_000), deadline: 150 });
    const found = complaints(report, 48 * 2 ** 20);
    bad ||= found.length > 0;
    console.log(JSON.stringify({ ...report, complaints: found }));
  }
  process.exitCode = bad ? 1 : 0;
}
