/** GELU as exporters write it is recognised, fused behind a product, and right where erf changes its formula. */
import { builder, Core, Model, Tensor, type Builder, type Value } from '@cuvee/core';
import { cpu } from '@cuvee/plugin-cpu';
import reference from '@cuvee/plugin-reference';
import { expect, test } from 'vitest';

const core = new Core({ plugins: [cpu(), reference()] });
const c = (g: Builder, v: number): Value => g.constant('f32', [], [v]);
const phi = (g: Builder, x: Value): Value => g.add(g.erf(g.divide(x, c(g, Math.SQRT2))), c(g, 1));

const forms: Record<string, (g: Builder, x: Value) => Value> = {
  'x (1 + erf) / 2, the half last': (g, x) => g.multiply(g.multiply(x, phi(g, x)), c(g, 0.5)),
  'the half at x': (g, x) => g.multiply(g.multiply(x, c(g, 0.5)), phi(g, x)),
  'the half at the sum': (g, x) => g.multiply(x, g.multiply(c(g, 0.5), phi(g, x))),
  'a product with 1 / sqrt 2': (g, x) => g.multiply(g.multiply(x, g.add(c(g, 1), g.erf(g.multiply(x, c(g, Math.SQRT1_2))))), c(g, 0.5)),
};

const points = new Tensor(
  'f32',
  [64, 8],
  Float32Array.from({ length: 512 }, (_, i) => (i - 256) / 40),
);

/** A model y = form(x · w) with an identity for w, so that the points reach the form as they are. */
function model(form: (g: Builder, x: Value) => Value): Model {
  const g = builder();
  const x = g.parameter('f32', '[?,8]', 'x');
  const eye = g.constant(
    'f32',
    [8, 8],
    Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 1 : 0)),
  );
  const result = g.result(form(g, g.matMul(x, eye, {})), 'y');
  return new Model({ name: 'gelu', parameters: [x.node], results: [result], scope: g.scope });
}

const run = (m: Model, device: string): Float32Array => {
  const outputs = core.compileModelSync(m, device).createInferRequest().infer([points]);
  return Object.values(outputs)[0]?.data as Float32Array;
};

test.each(Object.entries(forms))('%s', (_, form) => {
  const { summary, rows } = core.compileModelSync(model(form), 'CPU').explain();
  expect(summary['rule: recognise gelu']).toBe(1);
  expect(rows).toHaveLength(1);
  const [got, expected] = [run(model(form), 'CPU'), run(model(form), 'REFERENCE')];
  got.forEach((v, i) => expect(Math.abs(v - (expected[i] as number))).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected[i] as number))));
});

test('erf alone: relative error of a few units in the last place, sign and NaN kept', () => {
  const got = run(
    model((g, x) => g.erf(x)),
    'CPU',
  );
  const expected = run(
    model((g, x) => g.erf(x)),
    'REFERENCE',
  );
  got.forEach((v, i) => expect(Math.abs(v - (expected[i] as number))).toBeLessThanOrEqual(6e-7 * Math.abs(expected[i] as number)));
  const g = builder();
  const x = g.parameter('f32', '[?]', 'x');
  const alone = new Model({ name: 'erf', parameters: [x.node], results: [g.result(g.erf(x), 'y')], scope: g.scope });
  const special = Float32Array.of(Number.NaN, Infinity, -Infinity, -0, 1e-30);
  const outputs = core
    .compileModelSync(alone, 'CPU')
    .createInferRequest()
    .infer([new Tensor('f32', [5], special)]);
  const values = Array.from(Object.values(outputs)[0]?.data as Float32Array);
  expect(values[0]).toBeNaN();
  expect(values.slice(1, 3)).toEqual([1, -1]);
  expect(Object.is(values[3], -0)).toBe(true);
  expect(values[4]).toBeCloseTo(1.1283792e-30, 36);
});
