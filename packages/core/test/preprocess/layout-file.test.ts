import { expect, test } from 'vitest';
import { builder, layoutOf, Model, PrePostProcessor, readIr, writeIr } from '@cuvee/core';

test('layouts go through IR files, where OpenVINO has them: at the tensors', () => {
  const g = builder();
  const x = g.parameter('f32', '1,3,4,5', 'x');
  const y = g.relu(x);
  y.names = ['y'];
  const model = new Model({ name: 'layouts', parameters: [x.node], results: [g.result(y), g.result(g.abs(x))], scope: g.scope });
  const processor = new PrePostProcessor(model);
  processor.input().tensor().setLayout('NHWC');
  processor.input().model().setLayout('NCHW');
  processor.output(0).model().setLayout('N...');
  processor.build();
  const { xml } = writeIr(model);
  expect(xml).toMatch(
    /<port id="0" precision="FP32" names="x">(\s*<dim>\d<\/dim>)+\s*<rt_info>\s*<attribute name="layout" version="0" layout="\[N,H,W,C\]" \/>/,
  );
  expect(xml).not.toMatch(/<\/data>\s*<rt_info>|<data [^>]*\/>\s*<rt_info>/);
  const order = new Uint8Array(new BigInt64Array([0n, 3n, 1n, 2n]).buffer);
  const again = readIr({ bytes: new TextEncoder().encode(xml), weights: { kind: 'bytes', bytes: order } });
  expect([...again.parameters, ...again.results].map((n) => layoutOf(n).toString())).toEqual(['[N,H,W,C]', '[N,...]', '[...]']);
  // A layout that the file says is the model's.
  const second = new PrePostProcessor(again);
  second.input().tensor().setLayout('NCHW');
  expect(second.build().model.input().partialShape.toString()).toBe('[1,3,4,5]');
});
