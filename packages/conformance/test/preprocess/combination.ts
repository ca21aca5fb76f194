/** @file One combination of preprocessing, as `combinations.py` describes it: built, run on a device and compared with OpenVINO. */
import { readFileSync } from 'node:fs';
import {
  builder,
  Model,
  PrePostProcessor,
  Tensor,
  type Core,
  type CustomStep,
  type ElementType,
  type Elements,
  type Literal,
  type Value,
} from '@cuvee/core';
import { Random } from '../../../core/src/ops/cases.js';

type Input = readonly [type: ElementType, shape: readonly number[], seed: number, low: number, high: number];
type Result = readonly [type: ElementType, shape: readonly number[], offset: number];
type Call = readonly [end: 'input' | 'output', index: number, part: string, method: string, ...args: unknown[]];

/** A model, calls on a PrePostProcessor, inputs of its runs, and what OpenVINO gave: results, or why it refused. */
export interface Combination {
  readonly name: string;
  readonly group: string;
  readonly body: 'relu' | 'add' | 'sum and difference' | 'conv' | 'conv valid';
  readonly type: ElementType;
  readonly shape: string;
  readonly calls: readonly Call[];
  readonly runs: readonly (readonly Input[])[];
  readonly results?: readonly (readonly Result[])[];
  readonly refused?: string;
}

/** The combinations of a folder, and OpenVINO's results as bytes. */
export function readCombinations(folder: URL): { readonly combinations: readonly Combination[]; readonly bytes: Uint8Array } {
  return {
    combinations: JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as Combination[],
    bytes: new Uint8Array(readFileSync(new URL('results.bin', folder))),
  };
}

const random = ([type, shape, seed, low, high]: Input): Literal => new Random(seed).tensor(type, shape, low, high);
const tensorOf = (l: Literal): Tensor => new Tensor(l.type, l.shape, l.storage);

function body({ body, type, shape }: Combination): Model {
  const g = builder();
  const x = g.parameter(type, shape, 'x');
  const model = (parameters: Value[], results: Value[]): Model =>
    new Model({ name: body, parameters: parameters.map((p) => p.node), results: results.map((v) => g.result(v)), scope: g.scope });
  if (body === 'relu') return model([x], [g.relu(x)]);
  if (body === 'add') return model([x], [g.add(x, g.constant(type, [], type === 'i64' ? [1n] : [1]))]);
  if (body === 'sum and difference') {
    const y = g.parameter(type, shape, 'y');
    return model([x, y], [g.add(x, y), g.subtract(x, y)]);
  }
  const pads = body === 'conv valid' ? [0, 0] : [1, 1];
  const filters = g.constant(random(['f32', [4, 3, 3, 3], 7, -1, 1]));
  const conv = g.convolution(x, filters, { strides: [1, 1], pads_begin: pads, pads_end: pads, dilations: [1, 1] });
  return model([x], [g.relu(g.add(conv, g.constant(random(['f32', [1, 4, 1, 1], 8, -1, 1]))))]);
}

const custom: Readonly<Record<string, CustomStep>> = {
  abs: (x, g) => g.abs(x),
  negative: (x, g) => g.negative(x),
  addOne: (x, g) => g.add(x, g.scalar(1, x)),
  timesTwo: (x, g) => g.multiply(x, g.scalar(2, x)),
};

type Loose = Readonly<Record<string, (...args: unknown[]) => Loose>>;

function say(processor: PrePostProcessor, [end, index, part, method, ...args]: Call): void {
  const whole = processor as unknown as Loose;
  const target = whole[end]?.(index)[part]?.();
  if (!target?.[method]) throw new Error(`there is no ${end}.${part}.${method}`);
  const given = method === 'custom' ? [custom[args[0] as string]] : [...args];
  if (method === 'setShape' && typeof given[0] === 'string') given[0] = given[0].split(',').map((d) => (d === '?' ? -1 : Number(d)));
  target[method](...given);
}

/** The model of a combination with its preprocessing. Throws CuveeError where the calls cannot be. */
export function prepare(c: Combination): Model {
  const processor = new PrePostProcessor(body(c));
  for (const call of c.calls) say(processor, call);
  return processor.build().model;
}

/** Results of all runs on a device. */
export async function runOn(core: Core, device: string, c: Combination): Promise<readonly (readonly Tensor[])[]> {
  const compiled = await core.compileModel(prepare(c), device);
  try {
    const all: (readonly Tensor[])[] = [];
    for (const run of c.runs) {
      const request = compiled.createInferRequest();
      await request.inferAsync(run.map((i) => tensorOf(random(i))));
      all.push(compiled.outputs.map((_, i) => request.getOutputTensor(i).slice()));
    }
    return all;
  } finally {
    compiled.release();
  }
}

/** How far results are from OpenVINO's: floats relative to the largest magnitude, integers in units and how many of all differ. */
export interface Difference {
  readonly floats: number;
  readonly units: number;
  readonly share: number;
}

/** Compares types and shapes, and tells the largest difference. Throws where types or shapes differ. */
export function difference(c: Combination, bytes: Uint8Array, got: readonly (readonly Tensor[])[]): Difference {
  let [floats, units, share] = [0, 0, 0];
  (c.results ?? []).forEach((run, i) =>
    run.forEach(([type, shape, offset], k) => {
      const tensor = got[i]?.[k];
      if (tensor?.type !== type || tensor.shape.join() !== shape.join())
        throw new Error(`result ${k} of run ${i} is ${tensor?.type} [${tensor?.shape.join()}], OpenVINO's ${type} [${shape.join()}]`);
      const expected = new Tensor(type, shape, new Uint8Array(bytes.subarray(offset, offset + tensor.byteLength))).values();
      const far = distances(tensor.values(), expected);
      const most = far.reduce((a, b) => Math.max(a, b), 0);
      if (['f16', 'f32', 'f64'].includes(type)) floats = Math.max(floats, most / Math.max(1, magnitude(expected)));
      else [units, share] = [Math.max(units, most), Math.max(share, far.filter((d) => d > 0).length / far.length)];
    }),
  );
  return { floats, units, share };
}

const distances = (a: Elements, b: Elements): number[] =>
  Array.from(b as ArrayLike<number>, (e, i) => {
    const [x, y] = [Number(a[i]), Number(e)];
    return Object.is(x, y) ? 0 : Number.isNaN(x - y) ? Infinity : Math.abs(x - y);
  });

const magnitude = (values: Elements): number =>
  Array.from(values as ArrayLike<number>, (v) => Math.abs(Number(v))).reduce((a, b) => Math.max(a, b), 0);
