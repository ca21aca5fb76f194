/** `preprocess.PrePostProcessor` as programs for openvino-node call it, row by row of the API table; what the steps compute is tested elsewhere. */
import { describe, expect, it } from 'vitest';
import { classifier, newCore, ov, thrown } from './models.js';

const make = (model = classifier()) => new ov.preprocess.PrePostProcessor(model);
/** Calls a method with arguments that its type does not know. */
const call = (object: object, method: string, ...given: unknown[]) =>
  ((object as Record<string, (...a: unknown[]) => unknown>)[method] as (...a: unknown[]) => unknown).apply(object, given);

describe('PrePostProcessor', () => {
  it.each([
    ['input', []],
    ['input', [0]],
    ['input', ['data']],
    ['output', []],
    ['output', [0]],
    ['output', ['fc_out']],
  ] as const)('%s(...%j)', (method, given) => {
    expect(call(make(), method, ...given)).toBeTypeOf('object');
  });
  it('has the parts that the types name', () => {
    expect(
      [make().input(0).tensor(), make().input(0).preprocess(), make().input(0).model(), make().output(0).tensor()].map((x) => typeof x),
    ).toEqual(Array(4).fill('object'));
    expect(ov.preprocess.resizeAlgorithm).toBe(ov.resizeAlgorithm);
    for (const name of ['RESIZE_LINEAR', 'RESIZE_CUBIC', 'RESIZE_NEAREST'] as const) expect(ov.resizeAlgorithm[name]).toBe(name);
  });

  it.each([
    ['input(0).tensor(0)', () => call(make().input(0), 'tensor', 0), 'Function does not take any parameters.'],
    ['input(0).preprocess(0)', () => call(make().input(0), 'preprocess', 0), 'Function does not take any parameters.'],
    ['input(0).model(0)', () => call(make().input(0), 'model', 0), 'Function does not take any parameters.'],
    ['output(0).tensor(0)', () => call(make().output(0), 'tensor', 0), 'Function does not take any parameters.'],
    ['setElementType()', () => call(make().input(0).tensor(), 'setElementType'), 'Wrong number of parameters.'],
    ['setElementType(text)', () => call(make().input(0).tensor(), 'setElementType', 'invalidType'), 'Cannot create ov::element::Type'],
    ['setShape()', () => call(make().input(0).tensor(), 'setShape'), 'Wrong number of parameters.'],
    ['setLayout()', () => call(make().input(0).tensor(), 'setLayout'), 'Wrong number of parameters.'],
    ['resize()', () => call(make().input(0).preprocess(), 'resize'), 'Wrong number of parameters.'],
    ['resize(algorithm, text)', () => call(make().input(0).preprocess(), 'resize', 'RESIZE_LINEAR', 'x'), 'Wrong number of parameters.'],
    ['model().setLayout(layout, text)', () => call(make().input(0).model(), 'setLayout', 'NCHW', 'x'), 'Wrong number of parameters.'],
    ['model().setLayout(no layout)', () => call(make().input(0).model(), 'setLayout', 'invalidLayout'), 'is no layout'],
    ['output setElementType()', () => call(make().output(0).tensor(), 'setElementType'), 'Wrong number of parameters.'],
    [
      'output setElementType(text)',
      () => call(make().output(0).tensor(), 'setElementType', 'invalidType'),
      'Cannot create ov::element::Type',
    ],
    ['output setLayout()', () => call(make().output(0).tensor(), 'setLayout'), 'Wrong number of parameters.'],
    ['constructor()', () => new (ov.preprocess.PrePostProcessor as unknown as new () => object)(), 'incorrect parameters'],
  ])('%s throws', (_what, work, text) => {
    expect(thrown(work).message).toContain(text);
  });

  it('build returns the processor, and the model has changed: u8 pictures of another size and layout', () => {
    const model = classifier();
    const steps = make(model);
    steps.input(0).tensor().setElementType(ov.element.u8).setShape([1, 20, 40, 3]).setLayout('NHWC');
    steps.input(0).preprocess().resize(ov.preprocess.resizeAlgorithm.RESIZE_LINEAR);
    steps.input(0).model().setLayout('NCHW');
    steps.output(0).tensor().setElementType(ov.element.f32);
    expect(steps.build()).toBe(steps);
    expect(steps.model).toBe(model);
    expect([model.input().elementType, model.input().getShape(), model.input().anyName]).toEqual(['u8', [1, 20, 40, 3], 'data']);
    const request = newCore().compileModelSync(model, 'CPU').createInferRequest();
    const { fc_out } = request.infer({ data: new Uint8Array(2400).fill(100) });
    expect(fc_out?.getShape()).toEqual([1, 10]);
    // A picture of one grey stays one grey at every size.
    const plain = newCore().compileModelSync(classifier(), 'CPU').createInferRequest();
    const wanted = plain.infer([new Float32Array(3072).fill(100)]).fc_out?.data as Float32Array;
    (fc_out?.data as Float32Array).forEach((v, i) => expect(Math.abs(v - (wanted[i] as number))).toBeLessThan(1e-2));
  });
});
