/** Class InferRequest, row by row of the API table. */
import { beforeEach, describe, expect, it } from 'vitest';
import { classifier, codeOf, newCore, ov, picture, relu, subtract, thrown } from './models.js';

const core = newCore();
const compiled = core.compileModelSync(classifier(), 'CPU');
const data = picture();
const tensor = new ov.Tensor('f32', [1, 3, 32, 32], data);
const result = new ov.Tensor('f32', [1, 10], data.slice(-10));
let request = compiled.createInferRequest();
beforeEach(() => {
  request = compiled.createInferRequest();
});
const call = (method: string, ...given: unknown[]) =>
  ((request as unknown as Record<string, (...a: unknown[]) => unknown>)[method] as (...a: unknown[]) => unknown).apply(request, given);
const wanted = [...(compiled.createInferRequest().infer([tensor]).fc_out?.data as Float32Array)];

describe('infer and inferAsync', () => {
  const ways: readonly (readonly [string, unknown])[] = [
    ['{ name: Tensor }', { data: tensor }],
    ['{ name: TypedArray }', { data }],
    ['[Tensor]', [tensor]],
    ['[TypedArray]', [data]],
    ['[TypedArray with an offset]', [new Float32Array(Float32Array.from([0, ...data]).buffer, 4)]],
  ];
  it.each(ways)('take %s', async (_what, inputs) => {
    for (const outputs of [request.infer(inputs as never), await request.inferAsync(inputs as never)]) {
      expect(Object.getPrototypeOf(outputs)).toBe(Object.prototype);
      expect(Object.keys(outputs)).toEqual(['fc_out']);
      expect(outputs.fc_out).toBeInstanceOf(ov.Tensor);
      expect([...(outputs.fc_out?.data as Float32Array)]).toEqual(wanted);
    }
  });
  it('take nothing when the tensors are set', async () => {
    request.setInputTensor(tensor);
    expect([...(request.infer().fc_out?.data as Float32Array)]).toEqual(wanted);
    expect([...((await request.inferAsync()).fc_out?.data as Float32Array)]).toEqual(wanted);
  });
  const wrong: readonly (readonly [string, unknown, string | RegExp])[] = [
    ['a text as tensor', ['string'], 'Cannot create a tensor from the passed Napi::Value.'],
    ['a text as named tensor', { data: 'string' }, 'Cannot create a tensor from the passed Napi::Value.'],
    ['an array of another size', [data.slice(-10)], "Memory allocated using shape and element::type mismatch passed data's size"],
    ['a named array of another size', { data: data.slice(-10) }, 'mismatch'],
    ['an object that is no tensor', [{}], 'Invalid argument'],
    ['a list of numbers', { data: [1, 2] }, 'Invalid argument'],
    ['an unknown name', { nope: tensor }, 'there is no input "nope"'],
    ['more than there are', [tensor, tensor], '2 inputs were given'],
    ['a tensor of another type', [new ov.Tensor('i32', [1, 3, 32, 32])], 'is f32, the tensor is i32'],
    ['a tensor of another shape', [new ov.Tensor('f32', [1, 3, 32])], 'is [1,3,32,32], the tensor is [1,3,32]'],
    ['a bare TypedArray', data, /^TypedArray cannot be passed directly into infer(Async)?\(\) method\.$/],
    ['a number', 5, /^Infer(Async)? method takes as an argument an array or an object\.$/],
    ['null', null, /^Infer(Async)? method takes/],
  ];
  it.each(wrong)('%s throws at once', (_what, inputs, text) => {
    for (const method of ['infer', 'inferAsync']) expect(thrown(() => call(method, inputs)).message).toMatch(text);
    expect(codeOf(() => request.infer())).toBe('ARGUMENT_INVALID');
  });
  it('too many arguments throw at once', () => {
    expect(thrown(() => call('infer', [tensor], 1)).message).toContain('Infer method takes');
    expect(thrown(() => call('inferAsync', [tensor], {}, 1)).message).toContain('InferAsync method takes');
  });
  it('name the inputs, whatever the order of keys', async () => {
    const of = (...values: number[]) => new ov.Tensor('f32', [2], Float32Array.from(values));
    const two = core.compileModelSync(subtract(), 'CPU').createInferRequest();
    for (const outputs of [two.infer({ b: of(1, 2), a: of(10, 20) }), await two.inferAsync({ b: of(1, 2), a: of(10, 20) })])
      expect([...(outputs.difference?.data as Float32Array)]).toEqual([9, 18]);
  });
  it('independent requests run side by side', async () => {
    const model = core.compileModelSync(relu('?,3,256,256'), 'CPU', { NUM_STREAMS: 2 });
    const inputs = Array.from({ length: 4 }, (_, i) => new ov.Tensor('f32', [1, 3, 256, 256], new Float32Array(196608).fill(i - 1)));
    const outputs = await Promise.all(inputs.map((x) => model.createInferRequest().inferAsync([x])));
    expect(outputs.map((o) => (o.relu?.data as Float32Array)[100])).toEqual([0, 0, 1, 2]);
  });
});

describe('setters', () => {
  it.each([
    ['setInputTensor(tensor)', () => request.setInputTensor(tensor), () => request.getInputTensor(), tensor],
    ['setInputTensor(index, tensor)', () => request.setInputTensor(0, tensor), () => request.getInputTensor(0), tensor],
    ['setOutputTensor(tensor)', () => request.setOutputTensor(result), () => request.getOutputTensor(), result],
    ['setOutputTensor(index, tensor)', () => request.setOutputTensor(0, result), () => request.getOutputTensor(0), result],
    ['setTensor(name, tensor)', () => request.setTensor('fc_out', result), () => request.getTensor('fc_out'), result],
    ['setTensor(port, tensor)', () => request.setTensor(compiled.input(), tensor), () => request.getTensor('data'), tensor],
  ] as const)('%s', (_what, set, get, what) => {
    set();
    expect(get()).toBeInstanceOf(ov.Tensor);
    expect(get().data).toEqual(what.data);
  });
  const no = {};
  it.each([
    ['setInputTensor', [no], 'Argument #1 must be a Tensor.'],
    ['setInputTensor', [0, no], 'Argument #2 must be a Tensor.'],
    ['setInputTensor', [10, tensor], 'Input port for index 10 was not found!'],
    ['setInputTensor', [result, tensor], 'InferRequest.setInputTensor() invalid argument.'],
    ['setInputTensor', [], 'InferRequest.setInputTensor() invalid argument.'],
    ['setOutputTensor', [no], 'Argument #1 must be a Tensor.'],
    ['setOutputTensor', [0, no], 'Argument #2 must be a Tensor.'],
    ['setOutputTensor', [10, tensor], 'Output port for index 10 was not found!'],
    ['setOutputTensor', [result, tensor], 'InferRequest.setOutputTensor() invalid argument.'],
    ['setTensor', ['testName', tensor], 'Port for tensor name testName was not found.'],
    ['setTensor', ['fc_out', no], 'Argument #2 must be a Tensor.'],
    ['setTensor', ['fc_out'], 'InferRequest.setTensor() invalid argument.'],
    ['setTensor', [result, 'fc_out'], 'InferRequest.setTensor() invalid argument.'],
    ['setTensor', [123, 'fc_out'], 'InferRequest.setTensor() invalid argument.'],
    ['getTensor', [], 'InferRequest.getTensor() invalid number of arguments.'],
    ['getTensor', [5], 'InferRequest.getTensor() invalid argument.'],
    ['getTensor', ['testName'], 'Port for tensor name testName was not found.'],
    ['getInputTensor', ['data'], 'InferRequest.getInputTensor() invalid argument.'],
    ['getInputTensor', [3], 'Input port for index 3 was not found!'],
    ['getOutputTensor', [0, 0], 'InferRequest.getOutputTensor() invalid argument.'],
    ['getCompiledModel', [1], 'getCompiledModel() does not accept any arguments.'],
  ])('%s(...%j) throws', (method, given, text) => {
    expect(thrown(() => call(method, ...given)).message).toContain(text);
  });
  it('refuse tensors of other types and shapes', () => {
    expect(codeOf(() => request.setInputTensor(new ov.Tensor('i32', [1, 3, 32, 32])))).toBe('TYPE_MISMATCH');
    expect(codeOf(() => request.setInputTensor(result))).toBe('SHAPE_MISMATCH');
    expect(codeOf(() => request.setOutputTensor(new ov.Tensor('f64', [1, 10])))).toBe('TYPE_MISMATCH');
  });
  it('an index is needed where there are several', () => {
    const two = core.compileModelSync(subtract(), 'CPU').createInferRequest();
    expect(codeOf(() => two.getInputTensor())).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => two.setInputTensor(new ov.Tensor('f32', [2])))).toBe('ARGUMENT_INVALID');
    expect(two.getInputTensor(1).getShape()).toEqual([2]);
  });
  it('a set output is written in place', () => {
    request.setOutputTensor(result);
    expect(request.infer([tensor]).fc_out).toBe(result);
    expect([...(result.data as Float32Array)]).toEqual(wanted);
  });
});

describe('getters', () => {
  beforeEach(() => {
    request.setInputTensor(tensor);
    request.infer();
  });
  it('getTensor by name and by port of the model or the compiled model', () => {
    const ports = ['data', compiled.input(), request.getCompiledModel().input()] as const;
    for (const port of ports) expect(request.getTensor(port).data).toEqual(data);
    expect([...(request.getTensor(compiled.output()).data as Float32Array)]).toEqual(wanted);
  });
  it('getInputTensor and getOutputTensor, with and without index', () => {
    expect(request.getInputTensor()).toBe(request.getInputTensor(0));
    expect([...(request.getOutputTensor().data as Float32Array)]).toEqual(wanted);
    expect(request.getOutputTensor()).toBe(request.getOutputTensor(0));
  });
  it('an input that nobody set is zeros, which can be filled in', () => {
    const fresh = compiled.createInferRequest();
    (fresh.getInputTensor().data as Float32Array).set(data);
    expect([...(fresh.infer().fc_out?.data as Float32Array)]).toEqual(wanted);
  });
  it('getCompiledModel gives one that makes further requests', () => {
    const again = request.getCompiledModel();
    expect(again).toBeInstanceOf(ov.CompiledModel);
    expect([...(again.createInferRequest().infer([data]).fc_out?.data as Float32Array)]).toEqual(wanted);
  });
});
