import { describe, expect, test } from 'vitest';
import {
  builder,
  interpret,
  layoutOf,
  Model,
  PartialShape,
  PrePostProcessor,
  print,
  Tensor,
  type ElementType,
  type InputInfo,
  type NdArray,
} from '@cuvee/core';

/** relu of one input "x", its result named "y". */
function reluModel(shape: string, type: ElementType = 'f32'): Model {
  const g = builder();
  const x = g.parameter(type, shape, 'x');
  const y = g.relu(x);
  y.names = ['y'];
  return new Model({ name: 'relu', parameters: [x.node], results: [g.result(y)], scope: g.scope });
}

const run = (model: Model, inputs: readonly NdArray[]): readonly NdArray[] => interpret(model, inputs);
const f32 = (shape: number[], data: ArrayLike<number>): NdArray => ({ type: 'f32', shape, data: Float32Array.from(data) });
const u8 = (shape: number[], data: ArrayLike<number>): NdArray => ({ type: 'u8', shape, data: Uint8Array.from(data) });
const signature = (model: Model): string[] => model.inputs.map((v) => `${v.names.join()} ${v.elementType} ${v.partialShape}`);

/** The model with one input preprocessed. */
function prepared(shape: string, say: (input: InputInfo) => void): Model {
  const processor = new PrePostProcessor(reluModel(shape));
  say(processor.input());
  return processor.build().model;
}

describe('an image [1,H,W,3] of u8 for a model [1,3,H,W] of f32', () => {
  const model = prepared('1,3,2,1', (input) => {
    input.tensor().setElementType('u8').setLayout('NHWC');
    input.model().setLayout('NCHW');
    input.preprocess().convertElementType('f32').mean([1, 2, 3]).scale([2, 4, 8]);
  });

  test('has the image as input', () => {
    expect(signature(model)).toEqual(['x u8 [1,2,1,3]']);
    expect(layoutOf(model.inputs[0]!.node).toString()).toBe('[N,H,W,C]');
    expect(model.output('y').shape).toEqual([1, 3, 2, 1]);
  });

  test('gives (x - mean) / scale, planar', () => {
    const [y] = run(model, [u8([1, 2, 1, 3], [3, 6, 11, 5, 10, 19])]);
    expect(Array.from(y!.data as Float32Array)).toEqual([1, 2, 1, 2, 1, 2]);
  });
});

test('an untouched model stays as it was', () => {
  const model = reluModel('1,3,2,2');
  const before = print(model);
  const processor = new PrePostProcessor(model);
  expect(processor.build()).toBe(processor);
  expect(processor.model).toBe(model);
  expect(print(model)).toBe(before);
});

test('a failing step leaves the model as it was, and is named', () => {
  const model = reluModel('1,3,?,4');
  const before = print(model);
  const processor = new PrePostProcessor(model);
  processor.input().tensor().setElementType('u8').setLayout('NHWC');
  processor.input().preprocess().convertLayout('NCHW');
  processor.output().postprocess().convertLayout([0, 1]);
  expect(() => processor.build()).toThrow(/postprocessing of output "y": step "convert layout \(0,1\)"/);
  expect(print(model)).toBe(before);
  expect(signature(model)).toEqual(['x f32 [1,3,?,4]']);
});

test('NV12 in two tensors becomes two inputs', () => {
  const model = prepared('1,3,4,4', (input) => {
    input.tensor().setElementType('u8').setColorFormat('NV12_TWO_PLANES', ['y', 'uv']);
    input.model().setLayout('NCHW');
    input.preprocess().convertColor('RGB');
  });
  expect(signature(model)).toEqual(['x/y u8 [1,4,4,1]', 'x/uv u8 [1,2,2,2]']);
});

test('any picture size, resized to the model', () => {
  const model = prepared('1,1,2,2', (input) => {
    input.tensor().setLayout('NHWC').setSpatialDynamicShape();
    input.model().setLayout('NCHW');
    input.preprocess().resize('RESIZE_NEAREST');
  });
  expect(signature(model)).toEqual(['x f32 [1,?,?,1]']);
  const [y] = run(model, [f32([1, 4, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8])]);
  expect(y!.shape).toEqual([1, 1, 2, 2]);
  expect(Array.from(y!.data as Float32Array)).toEqual([1, 2, 5, 6]);
});

test('a tensor without the batch', () => {
  const model = prepared('1,3,2,2', (input) => {
    input.tensor().setLayout('HWC');
    input.model().setLayout('NCHW');
  });
  expect(signature(model)).toEqual(['x f32 [2,2,3]']);
});

test('crop, pad and reversed channels', () => {
  const model = prepared('1,2,1,3', (input) => {
    input.tensor().setLayout('NCHW').setShape([1, 2, 1, 4]);
    input.preprocess().crop([0, 0, 0, 1], [1, 2, 1, 3]).pad([0, 0, 0, 0], [0, 0, 0, 1], [7, 8], 'CONSTANT').reverseChannels();
  });
  const [y] = run(model, [f32([1, 2, 1, 4], [1, 2, 3, 4, 5, 6, 7, 8])]);
  expect(Array.from(y!.data as Float32Array)).toEqual([6, 7, 8, 2, 3, 7]);
});

test('an order of axes is undone for the shape of the input', () => {
  expect(signature(prepared('1,3,8,9', (input) => void input.preprocess().convertLayout([0, 3, 1, 2])))).toEqual(['x f32 [1,8,9,3]']);
});

test('outputs: steps, then element type and layout', () => {
  const model = reluModel('1,2,1,2');
  const processor = new PrePostProcessor(model);
  processor.output().model().setLayout('NCHW');
  processor
    .output()
    .postprocess()
    .clamp(0, 2.5)
    .custom((y, g) => g.add(y, g.scalar(0.75, 'f32')));
  processor.output('y').tensor().setElementType('i32').setLayout('NHWC');
  processor.build();
  expect(model.output('y').partialShape.toString()).toBe('[1,1,2,2]');
  const [y] = run(model, [f32([1, 2, 1, 2], [-1, 1, 2, 4])]);
  expect([y!.type, ...Array.from(y!.data as Int32Array)]).toEqual(['i32', 0, 2, 1, 3]);
});

test('a step of the user is given the value and a builder', () => {
  const model = prepared('2', (input) => void input.preprocess().custom((x, g) => g.negative(x)));
  expect(Array.from(run(model, [f32([2], [-3, 4])])[0]!.data as Float32Array)).toEqual([3, 0]);
});

test('setFrom takes type and shape of a tensor', () => {
  const model = prepared('1,3,2,2', (input) => {
    input
      .tensor()
      .setFrom(new Tensor('u8', [1, 2, 2, 3]))
      .setLayout('NHWC');
    input.model().setLayout('NCHW');
  });
  expect(signature(model)).toEqual(['x u8 [1,2,2,3]']);
});

describe('what cannot be', () => {
  test.each<[string, string, (input: InputInfo) => void]>([
    ['resize without a layout', 'without W/H specified', (i) => void i.preprocess().resize('RESIZE_LINEAR')],
    ['mean for each channel without a layout', "doesn't have `channels`", (i) => void i.preprocess().mean([1, 2, 3])],
    [
      'a mean too few',
      'channels = 3, values = 2',
      (i) => {
        i.tensor().setLayout('NCHW');
        i.preprocess().mean([1, 2]);
      },
    ],
    [
      'mean of integers',
      "mean can be applied to 'float' inputs",
      (i) => {
        i.tensor().setElementType('u8');
        i.preprocess().mean(1);
      },
    ],
    ['reversed channels without a layout', "doesn't have `channels`", (i) => void i.preprocess().reverseChannels()],
    ['a shape that the model cannot take', 'is not aligned with original', (i) => void i.tensor().setShape([1, 3, 3, 3])],
    [
      'planes for the model',
      'multiple plane input',
      (i) => {
        i.tensor().setColorFormat('NV12_TWO_PLANES');
        i.model().setLayout('NCHW');
      },
    ],
    [
      'mean of planes',
      'multi-plane',
      (i) => {
        i.tensor().setColorFormat('NV12_TWO_PLANES');
        i.model().setLayout('NCHW');
        i.preprocess().mean(1);
      },
    ],
    [
      'RGBX to GRAY',
      "'RGBX' is not convertible to 'GRAY'",
      (i) => {
        i.tensor().setColorFormat('RGBX');
        i.model().setLayout('NCHW');
        i.preprocess().convertColor('GRAY');
      },
    ],
    ['a custom step without a value', 'must return an output', (i) => void i.preprocess().custom(() => undefined as never)],
  ])('%s', (_, message, say) => {
    const processor = new PrePostProcessor(reluModel('1,3,4,4'));
    say(processor.input());
    expect(() => processor.build()).toThrow(message);
  });

  test('two ways to say the shape', () => {
    const tensor = new PrePostProcessor(reluModel('1,3,4,4')).input().tensor();
    tensor.setShape(new PartialShape('1,3,?,4'));
    expect(() => tensor.setSpatialDynamicShape()).toThrow('shall not be used together');
  });

  test('building twice', () => {
    expect(() => new PrePostProcessor(reluModel('1')).build().build()).toThrow('already');
  });
});

describe('arguments', () => {
  const loose = (x: object): Readonly<Record<string, (...args: unknown[]) => unknown>> => x as never;
  const processor = new PrePostProcessor(reluModel('1,3,4,4'));
  const input = processor.input();
  test.each<[string, object, string, unknown[]]>([
    ['input of two', processor, 'input', [0, 0]],
    ['input of an object', processor, 'input', [{}]],
    ['output of an array', processor, 'output', [[]]],
    ['build of anything', processor, 'build', [1]],
    ['tensor of anything', input, 'tensor', ['x']],
    ['preprocess of anything', input, 'preprocess', ['x']],
    ['model of anything', input, 'model', ['x']],
    ['setElementType of nothing', input.tensor(), 'setElementType', []],
    ['setElementType of an unknown type', input.tensor(), 'setElementType', ['foo']],
    ['setElementType of a number', input.tensor(), 'setElementType', [10]],
    ['setElementType of two', input.tensor(), 'setElementType', ['f32', 'f32']],
    ['setLayout of nothing', input.tensor(), 'setLayout', []],
    ['setLayout of a number', input.tensor(), 'setLayout', [10]],
    ['setLayout of two', input.model(), 'setLayout', ['NCHW', 'NHWC']],
    ['setShape of nothing', input.tensor(), 'setShape', []],
    ['setShape of a text', input.tensor(), 'setShape', ['1,2']],
    ['setShape of floats', input.tensor(), 'setShape', [new Float32Array(2)]],
    ['setShape of two', input.tensor(), 'setShape', [[1], [1]]],
    ['setSpatialStaticShape of one', input.tensor(), 'setSpatialStaticShape', [1]],
    ['setColorFormat of an unknown one', input.tensor(), 'setColorFormat', ['CMYK']],
    ['resize of nothing', input.preprocess(), 'resize', []],
    ['resize of a number', input.preprocess(), 'resize', [1]],
    ['resize of an unknown algorithm', input.preprocess(), 'resize', ['RESIZE_X']],
    ['resize with one size', input.preprocess(), 'resize', ['RESIZE_LINEAR', 1]],
    ['mean of nothing', input.preprocess(), 'mean', []],
    ['scale of a text', input.preprocess(), 'scale', ['1']],
    ['crop of numbers', input.preprocess(), 'crop', [1, 2]],
    ['pad with an unknown mode', input.preprocess(), 'pad', [[0], [0], 0, 'WRAP']],
    ['clamp of one', input.preprocess(), 'clamp', [1]],
    ['custom of a text', input.preprocess(), 'custom', ['x']],
    ['setElementType of an output', processor.output().tensor(), 'setElementType', ['foo']],
    ['tensor of an output', processor.output(), 'tensor', [1]],
  ])('%s', (_, object, method, args) => {
    expect(() => loose(object)[method]!(...args)).toThrow(/method called with incorrect parameters|must be a list of whole numbers/);
  });

  test('the constructor takes one model', () => {
    const Loose = PrePostProcessor as unknown as new (...args: unknown[]) => unknown;
    expect(() => new Loose()).toThrow("'PrePostProcessor' method called with incorrect parameters");
    expect(() => new Loose({})).toThrow('Allowed signatures:\n- (model: Model)');
  });

  test('inputs that there are not', () => {
    expect(() => processor.input(1)).toThrow('there is no input 1');
    expect(() => processor.output('z')).toThrow('there is no output "z"');
    expect(processor.input('x')).toBe(processor.input(0));
  });
});
