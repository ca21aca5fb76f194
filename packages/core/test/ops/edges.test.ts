/** @file Tensors without elements, and what operations refuse. */
import { describe, expect, test } from 'vitest';
import { builder, CuveeError, rooms, type Op } from '../../src/index.js';
import { f32, i32, i64, bool, type Case } from '../../src/ops/cases.js';
import { evaluateCase, inferProblem } from './run.js';

const none = (...shape: number[]) => f32(shape, []);
const window = { strides: [1], dilations: [1], pads_begin: [0], pads_end: [0] };
const pool = { kernel: [2], strides: [1], pads_begin: [0], pads_end: [0] };
const sizes = { mode: 'linear', shape_calculation_mode: 'sizes' };

/** Operation, its case, and the shape of the first output. */
const empties: readonly (readonly [string, Case, readonly number[]])[] = [
  ['Softmax', { inputs: [none(0, 3)] }, [0, 3]],
  ['Softmax', { inputs: [none(3, 0)], attributes: { axis: 1 } }, [3, 0]],
  ['LogSoftmax', { inputs: [none(3, 0)], attributes: { axis: 1 } }, [3, 0]],
  ['Convert', { inputs: [none(0)], attributes: { destination_type: 'f16' } }, [0]],
  ['ReduceSum', { inputs: [none(2, 0), i64([1], [1])], constants: [1] }, [2]],
  ['ReduceMax', { inputs: [none(2, 0), i64([1], [1])], constants: [1], attributes: { keep_dims: true } }, [2, 1]],
  ['ReduceMean', { inputs: [none(0, 2), i64([1], [1])], constants: [1] }, [0]],
  ['Convolution', { inputs: [none(0, 1, 4), f32([1, 1, 2], [1, 2])], attributes: window }, [0, 1, 3]],
  ['Convolution', { inputs: [none(1, 0, 4), none(2, 0, 2)], attributes: window }, [1, 2, 3]],
  ['GroupConvolution', { inputs: [none(0, 2, 4), f32([2, 1, 1, 1], [1, 2])], attributes: window }, [0, 2, 4]],
  ['ConvolutionBackpropData', { inputs: [none(0, 1, 4), f32([1, 1, 2], [1, 2])], attributes: window }, [0, 1, 5]],
  ['AvgPool', { inputs: [none(0, 1, 4)], attributes: { ...pool, 'exclude-pad': true } }, [0, 1, 3]],
  ['MaxPool', { inputs: [none(1, 0, 4)], attributes: pool }, [1, 0, 3]],
  ['AdaptiveAvgPool', { inputs: [none(0, 1, 4), i64([1], [2])], constants: [1] }, [0, 1, 2]],
  ['AdaptiveMaxPool', { inputs: [none(0, 1, 4), i64([1], [2])], constants: [1] }, [0, 1, 2]],
  ['MatMul', { inputs: [none(0, 3), f32([3, 2], [1, 2, 3, 4, 5, 6])] }, [0, 2]],
  ['MatMul', { inputs: [none(2, 0), none(0, 3)] }, [2, 3]],
  ['Einsum', { inputs: [none(0, 2), f32([2, 1], [1, 2])], attributes: { equation: 'ij,jk->ik' } }, [0, 1]],
  [
    'BatchNormInference',
    { inputs: [none(0, 1), f32([1], [1]), f32([1], [1]), f32([1], [1]), f32([1], [1])], attributes: { epsilon: 1 } },
    [0, 1],
  ],
  [
    'MVN',
    { inputs: [none(0, 2), i64([1], [1])], constants: [1], attributes: { normalize_variance: true, eps: 1, eps_mode: 'INSIDE_SQRT' } },
    [0, 2],
  ],
  ['LRN', { inputs: [none(0, 2), i64([1], [1])], constants: [1], attributes: { alpha: 1, beta: 1, bias: 1, size: 3 } }, [0, 2]],
  ['NormalizeL2', { inputs: [none(2, 0), i64([1], [1])], constants: [1], attributes: { eps: 1, eps_mode: 'add' } }, [2, 0]],
  ['GroupNormalization', { inputs: [none(0, 2), f32([2], [1, 1]), f32([2], [0, 0])], attributes: { num_groups: 2, epsilon: 1 } }, [0, 2]],
  ['FakeQuantize', { inputs: [none(0), f32([], [0]), f32([], [1]), f32([], [0]), f32([], [1])], attributes: { levels: 4 } }, [0]],
  ['CumSum', { inputs: [none(0, 3), i64([], [0])], constants: [1] }, [0, 3]],
  ['Interpolate', { inputs: [none(0, 4), i64([1], [2]), i64([1], [1])], constants: [1, 2], attributes: sizes }, [0, 2]],
  ['Interpolate', { inputs: [f32([1, 2], [1, 2]), i64([1], [0]), i64([1], [1])], constants: [1, 2], attributes: sizes }, [1, 0]],
  ['GridSample', { inputs: [f32([1, 1, 1, 1], [1]), none(1, 0, 3, 2)] }, [1, 1, 0, 3]],
  ['ScaledDotProductAttention', { inputs: [none(0, 4), f32([2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), f32([2, 1], [1, 2])] }, [0, 1]],
  ['Select', { inputs: [bool([0], []), none(0), f32([1], [1])] }, [0]],
  ['PRelu', { inputs: [none(0, 2), f32([2], [1, 1])] }, [0, 2]],
  ['Inverse', { inputs: [none(0, 2, 2)] }, [0, 2, 2]],
  [
    'ROIAlign',
    {
      inputs: [f32([1, 1, 1, 1], [1]), none(0, 4), i32([0], [])],
      attributes: { pooled_h: 1, pooled_w: 1, sampling_ratio: 1, spatial_scale: 1, mode: 'avg' },
    },
    [0, 1, 1, 1],
  ],
  ['ROIPooling', { inputs: [f32([1, 1, 1, 1], [1]), none(0, 5)], attributes: { output_roi: [1, 1], spatial_scale: 1 } }, [0, 1, 1, 1]],
];

describe('no elements', () => {
  test.each(empties.map(([op, run, shape], i) => [`${op} ${i}`, op, run, shape] as const))('%s', (_, op, run, shape) => {
    const outputs = evaluateCase(rooms.get(op) as Op, run);
    expect(outputs[0]?.shape).toEqual(shape);
    for (const knowledge of ['static', 'symbolic'] as const)
      expect(inferProblem(rooms.get(op) as Op, run, knowledge, outputs), knowledge).toBeUndefined();
  });
});

/** Operation, shapes of its f32 inputs, attributes, and the code and text of the refusal. */
const refusals: readonly (readonly [string, readonly string[], Record<string, unknown>, string, RegExp])[] = [
  ['Add', ['[2]', '[3]'], {}, 'SHAPE_MISMATCH', /2 does not broadcast with 3/],
  ['Add', ['[2,3]', '[3]'], { auto_broadcast: 'none' }, 'SHAPE_MISMATCH', /ranks differ/],
  ['MatMul', ['[2,3]', '[4,5]'], {}, 'SHAPE_MISMATCH', /inner dimensions differ: 3 against 4/],
  ['MatMul', ['[]', '[4,5]'], {}, 'SHAPE_MISMATCH', /scalars/],
  ['Convolution', ['[1,3,8]', '[4,2,3]'], window, 'SHAPE_MISMATCH', /input channels differ: 3 against 2/],
  ['Convolution', ['[1,3,8,8]', '[4,3,3]'], window, 'SHAPE_MISMATCH', /spatial axes/],
  ['Convolution', ['[1,3,8,8]', '[4,3,3,3]'], window, 'SHAPE_MISMATCH', /1 strides for 2 spatial axes/],
  ['Convolution', ['[1,3,2]', '[4,3,5]'], window, 'SHAPE_MISMATCH', /does not fit/],
  ['Convolution', ['[1,3,8]', '[4,3,3]'], { ...window, strides: [0] }, 'MODEL_INVALID', /"strides"/],
  ['MaxPool', ['[1,3]'], pool, 'SHAPE_MISMATCH', /rank 3/],
  ['Softmax', ['[2]'], { axis: 'x' }, 'MODEL_INVALID', /"axis" must be an integer/],
  ['Clamp', ['[2]'], { min: 2, max: 1 }, 'MODEL_INVALID', /min 2 is above max 1/],
  ['Relu', [], {}, 'MODEL_INVALID', /1 inputs? expected, got 0/],
  ['LogicalAnd', ['[2]', '[2]'], {}, 'TYPE_MISMATCH', /must be boolean/],
  ['BitwiseNot', ['[2]'], {}, 'TYPE_MISMATCH', /must be integer or boolean/],
  ['Einsum', ['[2]', '[3]'], { equation: 'i,i->' }, 'SHAPE_MISMATCH', /axes "i" differ: 2 against 3/],
  ['Einsum', ['[2]'], { equation: 'ij->' }, 'MODEL_INVALID', /2 labels and rank 1/],
  ['Einsum', ['[2]'], { equation: 'i->k' }, 'MODEL_INVALID', /"k" of the result is in no operand/],
  ['GroupNormalization', ['[1,5]', '[5]', '[5]'], { num_groups: 2, epsilon: 1 }, 'SHAPE_MISMATCH', /multiple of 2 groups/],
  ['Inverse', ['[2,3]'], {}, 'SHAPE_MISMATCH', /rows and columns differ/],
  ['GridSample', ['[1,1,2,2]', '[1,2,2,3]'], {}, 'SHAPE_MISMATCH', /coordinates differ: 3 against 2/],
  ['PriorBoxClustered', ['[2]', '[2]'], { width: [1, 2], height: [1], offset: 0 }, 'MODEL_INVALID', /2 widths and 1 heights/],
  ['Gelu', ['[2]'], { approximation_mode: 'exact' }, 'MODEL_INVALID', /one of/],
  ['Convert', ['[2]'], { destination_type: 'f7' }, 'MODEL_INVALID', /an element type/],
  ['Sigmoid', ['[2]'], { beta: 1 }, 'MODEL_INVALID', /unknown attribute "beta"/],
];

describe('refused', () => {
  test.each(refusals.map((r, i) => [`${r[0]} ${i}`, ...r] as const))('%s', (_, op, shapes, attributes, code, message) => {
    const g = builder();
    const inputs = shapes.map((s, i) => g.parameter('f32', s, `in${i}`));
    let error: unknown;
    try {
      g.node(op, inputs, attributes, { name: 'it' });
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(CuveeError);
    expect(error).toMatchObject({ code, op });
    expect((error as CuveeError).message).toMatch(message);
    expect((error as CuveeError).message).toContain('"it"');
  });
});
