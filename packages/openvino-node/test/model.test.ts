/** Classes Model, Node and Output, row by row of the API table. */
import { deepStrictEqual } from 'node:assert';
import { beforeEach, describe, expect, it } from 'vitest';
import { builder, Model } from '@cuvee/core';
import { classifier, codeOf, newCore, ov, signatures, subtract, thrown } from './models.js';

const core = newCore();
let model = classifier();
beforeEach(() => {
  model = classifier();
});
/** Calls a method with arguments that its type does not know. */
const call = (object: object, method: string, ...given: unknown[]) =>
  ((object as Record<string, (...a: unknown[]) => unknown>)[method] as (...a: unknown[]) => unknown).apply(object, given);

describe('ports of Model and CompiledModel', () => {
  const both = () => [model, core.compileModelSync(model, 'CPU')] as const;
  it('input and output: alone, by index, by name', () => {
    for (const ports of both()) {
      expect(ports.inputs).toHaveLength(1);
      expect(ports.outputs).toHaveLength(1);
      for (const output of [ports.output(), ports.output(0), ports.output('fc_out')]) {
        expect(output).toBeInstanceOf(ov.Output);
        expect(output).toBeInstanceOf(ov.ConstOutput);
        expect([output.toString(), `${output}`, output.getAnyName(), output.anyName]).toEqual(Array(4).fill('fc_out'));
        expect([output.shape, output.getShape()]).toEqual([
          [1, 10],
          [1, 10],
        ]);
      }
      for (const input of [ports.input(), ports.input(0), ports.input('data')]) {
        expect(input.toString()).toBe('data');
        deepStrictEqual(input.getShape(), [1, 3, 32, 32]);
        expect(input.getPartialShape()).toBeInstanceOf(ov.PartialShape);
        expect([input.elementType, input.names, String(input.partialShape)]).toEqual(['f32', ['data'], '[1,3,32,32]']);
      }
    }
  });
  it('too many arguments, arguments of other types, ports that are not there', () => {
    for (const ports of both()) {
      expect(thrown(() => call(ports, 'input', 0, 1)).message).toContain('Invalid number of arguments');
      expect(thrown(() => call(ports, 'output', 0, 1)).message).toContain('Invalid number of arguments');
      expect(thrown(() => call(ports, 'output', {})).message).toContain('Error while getting');
      expect(codeOf(() => ports.input('nope'))).toBe('ARGUMENT_INVALID');
      expect(codeOf(() => ports.output(1))).toBe('ARGUMENT_INVALID');
    }
    for (const method of ['getShape', 'getAnyName', 'getPartialShape'])
      expect(thrown(() => call(model.input(), method, 1)).message).toBe(`${method}() does not accept any arguments.`);
  });
  it('without an argument only where there is one', () => {
    const two = subtract();
    expect(codeOf(() => two.input())).toBe('ARGUMENT_INVALID');
    expect(two.input(1).anyName).toBe('b');
    expect(two.output().anyName).toBe('difference');
  });
  it('shape of a dynamic port throws, its partial shape does not', () => {
    model.reshape('[?,3,32,32]');
    expect(codeOf(() => model.input().shape)).toBe('SHAPE_MISMATCH');
    expect(String(model.input().getPartialShape())).toBe('[?,3,32,32]');
  });
});

describe('names', () => {
  it('getName, getFriendlyName: the unique name until another is set', () => {
    expect([model.getName(), model.getFriendlyName()]).toEqual(['test_model', 'test_model']);
    model.setFriendlyName('InitialName');
    model.setFriendlyName('FinalName');
    expect([model.getName(), model.getFriendlyName()]).toEqual(['test_model', 'FinalName']);
  });
  it("setFriendlyName(''): back to the unique name", () => {
    model.setFriendlyName('Mine');
    model.setFriendlyName('');
    expect(model.getFriendlyName()).toBe(model.getName());
  });
  it.each([[[]], [[123]], [['Name1', 'Name2']]])('setFriendlyName(...%j) throws', (given) => {
    expect(thrown(() => call(model, 'setFriendlyName', ...given)).message).toBe('Expected a single string argument for the friendly name');
  });
  it('getters throw for arguments', () => {
    expect(thrown(() => call(model, 'getFriendlyName', 'unexpected')).message).toBe('getFriendlyName() does not take any arguments');
    expect(String(thrown(() => call(model, 'isDynamic', 'unexpected')))).toBe('Error: isDynamic() does not accept any arguments.');
    expect(String(thrown(() => call(model, 'getOutputSize', 'unexpected')))).toBe('Error: getOutputSize() does not accept any arguments.');
    expect(thrown(() => call(model, 'getOps', 1)).message).toBe('getOps() does not accept any arguments.');
  });
  it('getOps: nodes with name, type, inputs and outputs', () => {
    const ops = model.getOps();
    expect(ops.map((n) => n.type)).toEqual(expect.arrayContaining(['Parameter', 'Reshape', 'MatMul', 'Result']));
    const multiply = ops.find((n) => n.type === 'MatMul');
    expect(multiply?.getName()).toEqual(expect.any(String));
    expect([multiply?.inputs.length, multiply?.outputs.length]).toEqual([2, 1]);
  });
});

describe('outputs', () => {
  it('isDynamic, getOutputSize, getOutputShape, getOutputElementType', () => {
    expect([model.isDynamic(), model.getOutputSize(), model.getOutputShape(0), model.getOutputElementType(0)]).toEqual([
      false,
      1,
      [1, 10],
      'f32',
    ]);
    expect(classifier().reshape('?,3,32,32').isDynamic()).toBe(true);
  });
  it.each([
    ['', []],
    ['string', ['unexpected']],
    ['number, number', [0, 1]],
    ['number', [3.14]],
  ])('getOutputElementType(%s) throws with the signatures', (provided, given) => {
    expect(thrown(() => call(model, 'getOutputElementType', ...given)).message).toBe(
      signatures('getOutputElementType', provided, ['Integer']),
    );
  });
  it('an output that is not there throws', () => {
    expect(codeOf(() => model.getOutputElementType(1))).toBe('ARGUMENT_INVALID');
    expect(codeOf(() => model.getOutputShape(1))).toBe('ARGUMENT_INVALID');
    expect(thrown(() => call(model, 'getOutputShape', 'x')).message).toBe('Invalid argument. Expected a single number.');
  });
});

describe('Model.clone', () => {
  it('gives a Model that equals its source, and is another', () => {
    const clone = model.clone();
    expect(clone).toBeInstanceOf(ov.Model);
    deepStrictEqual(clone, model);
    clone.reshape('[2,3,32,32]').setFriendlyName('other');
    expect([model.getOutputShape(0), model.getFriendlyName()]).toEqual([[1, 10], 'test_model']);
  });
  it('throws for arguments', () => {
    expect(thrown(() => call(model, 'clone', 'Unexpected')).message).toContain("'clone' method called with incorrect parameters.");
  });
});

describe('Model.reshape', () => {
  it.each([
    ['[?,?,1..3,224]', '[?,?,1..3,224]'],
    ['1,3,960..1200,?', '[1,3,960..1200,?]'],
    ['[1,3,960:1200,..8]', '[1,3,960..1200,..8]'],
    ['-1,3,2..,7', '[?,3,2..,7]'],
  ])('of text %s: mutates and returns the model', (text, printed) => {
    const g = builder();
    const x = g.parameter('f32', '1,3,8,8', 'data');
    const free = new Model({ name: 'free', parameters: [x.node], results: [g.result(g.relu(x))], scope: g.scope });
    expect(free.reshape(text)).toBe(free);
    expect(String(free.input().getPartialShape())).toBe(printed);
    expect(String(free.output().getPartialShape())).toBe(printed);
  });
  it('of a PartialShape gives it back, equal', () => {
    const shape = new ov.PartialShape('[?,3,32,32]');
    deepStrictEqual(model.reshape(shape).input().getPartialShape(), shape);
  });
  it('of arrays and of typed arrays', () => {
    expect(String(model.reshape([-1, 3, [32, 32], 32]).input().partialShape)).toBe('[?,3,32,32]');
    expect(String(model.reshape(Int32Array.of(5, 3, 32, 32)).input().partialShape)).toBe('[5,3,32,32]');
  });
  it('of a Map or an object, by port, index and name', () => {
    for (const shapes of [
      (m: Model) =>
        new Map<unknown, unknown>([
          [m.input(0), '4'],
          ['b', [4]],
        ]),
      () =>
        new Map<unknown, unknown>([
          [0, new ov.PartialShape('4')],
          [1, '4'],
        ]),
      () => ({ a: '4', b: Int32Array.of(4) }),
    ]) {
      const two = subtract();
      two.reshape(shapes(two) as never);
      expect([String(two.input(0).partialShape), two.getOutputShape(0)]).toEqual(['[4]', [4]]);
    }
  });
  it('of variables gives states other shapes', () => {
    const g = builder();
    const x = g.parameter('f32', '?,2', 'x');
    const state = g.readValue(undefined, { variable_id: 's', variable_type: 'f32', variable_shape: '?,2' } as never);
    const sum = g.add(x, state);
    const assign = g.assign(sum, { variable_id: 's' });
    const m = new Model({ name: 'm', parameters: [x.node], results: [g.result(sum)], sinks: [assign.node], scope: g.scope });
    m.reshape('[3,2]', { s: '[3,2]' });
    expect(m.getOutputShape(0)).toEqual([3, 2]);
    expect(codeOf(() => m.reshape('[3,2]', new Map([['t', '[3,2]']])))).toBe('ARGUMENT_INVALID');
  });
  it.each([
    ['nothing', []],
    ['a number', [5]],
    ['null', [null]],
    ['too much', ['1', {}, new Map(), 1]],
  ])('%s throws with the signatures', (_what, given) => {
    expect(thrown(() => call(model, 'reshape', ...given)).message).toContain("'reshape' method called with incorrect parameters.");
  });
  it.each([
    ['[1,3,x]', 'ARGUMENT_INVALID'],
    ['[1,4,32,32]', 'SHAPE_MISMATCH'],
  ])('%s leaves the model as it was', (text, code) => {
    expect(codeOf(() => model.reshape(text))).toBe(code);
    expect([String(model.input().partialShape), model.getOutputShape(0)]).toEqual(['[1,3,32,32]', [1, 10]]);
    core.compileModelSync(model, 'CPU');
  });
  it('one shape for several inputs throws', () => {
    expect(codeOf(() => subtract().reshape('[3]'))).toBe('ARGUMENT_INVALID');
  });
});
