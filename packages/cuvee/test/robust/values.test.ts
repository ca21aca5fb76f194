/** Real networks on unusual pictures: tiny ones, NaN, infinities, huge numbers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { builder, Core, Model, PartialShape, Tensor, type CompiledModel } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import { cpu } from '@cuvee/plugin-cpu';
import { reference } from '@cuvee/plugin-reference';
import { failureOf } from '../../../core/test/robust/slip.js';

const data = fileURLToPath(new URL('../../../conformance/data/', import.meta.url));
const core = new Core({ plugins: [cpu(), reference()], frontends: [onnx()] });

function network(path: string, shape?: string): CompiledModel {
  const model = core.readModelSync(new Uint8Array(readFileSync(join(data, path))));
  if (shape) model.reshape(new Map([[model.input().anyName, PartialShape.parse(shape)]]));
  return core.compileModelSync(model, 'CPU');
}
const picture = (shape: readonly number[], value?: number): Tensor =>
  new Tensor(
    'f32',
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value ?? Math.sin(i)),
  );

describe('pictures of 1 to 40 pixels', () => {
  const cases = [
    ['squeezenet', 'models/onnx-light/squeezenet.onnx', '[1,3,?,?]'],
    ['detection', 'ocr/models/ch_PP-OCRv4_det_infer.onnx', undefined],
    ['direction', 'ocr/models/ch_ppocr_mobile_v2.0_cls_infer.onnx', undefined],
  ] as const;
  it.each(cases)('%s: numbers, or an error that names the node', { timeout: 120_000 }, async (_what, path, shape) => {
    using compiled = network(path, shape);
    using request = compiled.createInferRequest();
    const tally = { ran: 0, refused: 0 };
    for (let size = 1; size <= 40; size++) {
      const { code, message } = await failureOf(async () => {
        const outputs = await request.inferAsync([picture([1, 3, size, size])]);
        for (const t of Object.values(outputs))
          for (const v of t.data as Float32Array) if (!Number.isFinite(v)) throw new Error(`${v} at size ${size}`);
      });
      expect(['none', 'SHAPE_MISMATCH'], `${size} pixels: ${message}`).toContain(code);
      if (code === 'none') tally.ran++;
      else {
        expect(message).toMatch(/"[^"]+": /);
        tally.refused++;
      }
    }
    expect(tally.ran).toBeGreaterThan(0);
  });
  it.each([
    [0, 32],
    [32, 0],
  ])('nothing at all, %i x %i: an error or an empty answer', async (height, width) => {
    using compiled = network('ocr/models/ch_PP-OCRv4_det_infer.onnx');
    const { code, message } = await failureOf(() => compiled.createInferRequest().inferAsync([picture([1, 3, height, width])]));
    expect(['none', 'SHAPE_MISMATCH'], message).toContain(code);
  });
});

describe('numbers out of the ordinary', () => {
  const classifier = 'ocr/models/ch_ppocr_mobile_v2.0_cls_infer.onnx';
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d in every pixel is never a plausible answer', (value) => {
    using compiled = network(classifier);
    const [out] = Object.values(compiled.createInferRequest().infer([picture([1, 3, 48, 192], value)]));
    expect(Array.from(out?.data as Float32Array)).toEqual([Number.NaN, Number.NaN]);
  });
  it('one NaN in the picture reaches the detection map', () => {
    using compiled = network('ocr/models/ch_PP-OCRv4_det_infer.onnx');
    const x = picture([1, 3, 64, 64]);
    (x.data as Float32Array)[64 * 32 + 32] = Number.NaN;
    const [out] = Object.values(compiled.createInferRequest().infer([x]));
    expect(Array.from(out?.data as Float32Array).some(Number.isNaN)).toBe(true);
  });
  it('3e38 does what IEEE says on both devices', () => {
    const g = builder();
    const x = g.parameter('f32', '?', 'x');
    const constant = (v: number) => g.constant('f32', [], [v]);
    const makers = {
      add: g.add(x, x),
      multiply: g.multiply(x, constant(2)),
      subtract: g.subtract(x, constant(3e38)),
      divide: g.divide(constant(1), x),
      relu: g.relu(x),
      exp: g.exp(x),
      sqrt: g.sqrt(x),
      sigmoid: g.sigmoid(x),
      tanh: g.tanh(x),
      maximum: g.maximum(x, constant(0)),
      clamp: g.clamp(x, { min: -1, max: 1 }),
      softmax: g.softmax(x, { axis: 0 }),
      hSwish: g.hSwish(x),
    };
    const model = new Model({
      name: 'numbers',
      parameters: [x.node],
      results: Object.values(makers).map((v) => g.result(v)),
      scope: g.scope,
    });
    for (const values of [
      [3e38, -3e38],
      [Number.NaN, 1],
      [Number.POSITIVE_INFINITY, 1],
      [Number.NEGATIVE_INFINITY, 1],
      [0, -0],
      [1e-45, 1e-38],
    ]) {
      const input = new Tensor('f32', [2], Float32Array.from(values));
      const [a, b] = ['CPU', 'REFERENCE'].map((d) =>
        Object.values(core.compileModelSync(model, d).createInferRequest().infer([input])).map((t) => Array.from(t.data as Float32Array)),
      );
      Object.keys(makers).forEach((name, i) => {
        (a?.[i] as number[]).forEach((v, k) => {
          const want = (b?.[i] as number[])[k] as number;
          const equal = Object.is(v, want) || v === want || Math.abs(v - want) <= 1e-5 * Math.abs(want) + 1e-37;
          expect(equal, `${name}(${values}) at ${k}: ${v}, REFERENCE ${want}`).toBe(true);
        });
      });
    }
  });
});
