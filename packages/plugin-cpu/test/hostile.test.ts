/**
 * Operations that choose boxes, pool regions or read at computed places, on numbers that no model should hold: NaN, infinities, places
 * far outside, sizes that fit no memory. Each run ends soon, with outputs or with an error that says what is wrong; or, where billions
 * of samples were asked for, as soon as it is told to.
 */
import { describe, expect, test } from 'vitest';
import { Core, CuveeError, Literal, rooms, Tensor, type Op } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import { Random, type Case, type Cases } from '../../core/src/ops/cases.js';
import { modelOf } from '../../core/test/ops/run.js';

const files = [
  'col2-im',
  'ctc-loss',
  'deformable-convolution',
  'deformable-psroi-pooling',
  'detection-output',
  'experimental-detectron-detection-output',
  'experimental-detectron-generate-proposals-single-image',
  'experimental-detectron-roi-feature-extractor',
  'extract-image-patches',
  'generate-proposals',
  'grid-sample',
  'matrix-nms',
  'multiclass-nms',
  'nms-rotated',
  'non-max-suppression',
  'p-relu',
  'prior-box',
  'prior-box-clustered',
  'proposal',
  'psroi-pooling',
  'roi-align',
  'roi-align-rotated',
  'roi-pooling',
  'strided-slice',
];
const all = await Promise.all(
  files.map(async (f) => ((await import(new URL(`../../core/src/ops/${f}.cases.ts`, import.meta.url).href)) as { default: Cases }).default),
);
const seeds = Number(process.env.CUVEE_SEEDS ?? 12);
const core = new Core({ plugins: [cpu()], frontends: [] });
core.setProperty('CPU', { CUVEE_MEMORY_LIMIT: 1 << 26 });

const floats = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38, 1e9, -1e9, 0, -1, 0.5];
const integers = [-1, -2147483648, 2147483647, 1000000, 0, 1];
const numbers = [-2147483648, -1, 0, 1, 7, 65536, 1e6, 2147483647];

/** Some elements of an input, or one attribute, made hostile. */
function spoiled(r: Random, c: Case): Case {
  const inputs = [...c.inputs];
  const attributes = { ...c.attributes } as Record<string, unknown>;
  for (let times = r.int(1, 3); times > 0; times--) {
    const i = r.int(0, inputs.length - 1);
    const input = inputs[i];
    const key = r.pick(Object.keys(attributes).length > 0 ? Object.keys(attributes) : ['none']);
    const value = attributes[key];
    if (r.next() < 0.6 && input) {
      const whole = input.type.startsWith('i') || input.type.startsWith('u');
      const values = Array.from(input.nd().data as ArrayLike<number>, Number);
      for (let n = r.int(1, Math.max(1, values.length)); n > 0; n--)
        values[r.int(0, values.length - 1)] = r.pick(whole ? integers : floats);
      if (input.size > 0) inputs[i] = Literal.from(input.type, input.shape, values);
    } else if (typeof value === 'number') attributes[key] = r.pick(numbers);
    else if (typeof value === 'boolean') attributes[key] = !value;
    else if (Array.isArray(value)) attributes[key] = value.map((v) => (r.next() < 0.5 ? r.pick(numbers) : (v as number)));
  }
  return { ...c, inputs, attributes, outputs: undefined };
}

/** The code of what was thrown, or `stopped`; undefined: it ran. */
async function outcome(room: Op, one: Case, knowledge: 'static' | 'symbolic'): Promise<string | undefined> {
  try {
    const { model, parameters } = modelOf(room, one, knowledge);
    const compiled = await core.compileModel(model, 'CPU');
    try {
      const inputs = parameters.map(({ type, shape, data }) => Tensor.from(type, shape, data));
      await compiled.createInferRequest().inferAsync(inputs, { signal: AbortSignal.timeout(2000) });
    } finally {
      compiled.release();
    }
    return undefined;
  } catch (error) {
    if (error instanceof CuveeError && error.code !== 'INTERNAL') return error.code;
    if (error instanceof DOMException && error.name === 'TimeoutError') return 'stopped';
    throw new Error(`${room.name} ${JSON.stringify(one.attributes)}`, { cause: error });
  }
}

describe.each(all.map((c) => [c.op, c] as const))('%s', (name, { generate }) => {
  test('survives', async () => {
    const seen = new Map<string | undefined, number>();
    for (let seed = 1; seed <= seeds; seed++) {
      const r = new Random(seed * 6151);
      const one = spoiled(r, (generate as NonNullable<typeof generate>)(r));
      for (const knowledge of ['static', 'symbolic'] as const) {
        const code = await outcome(rooms.get(name) as Op, one, knowledge);

        seen.set(code, (seen.get(code) ?? 0) + 1);
      }
    }
    expect(seen.get(undefined) ?? 0, [...seen].join()).toBeGreaterThan(0);
  }, 60_000);
});
