import { CuveeError, interpret, Literal, type Model, type NdArray } from '@cuvee/core';
import { describe, expect, it } from 'vitest';
import type { OnnxOptions } from '../src/index.js';
import type { GraphProto, TypeProto, ValueInfoProto } from '../src/proto/index.js';
import { translate } from '../src/translate.js';
import { attribute, graph, model, node, value } from './models.js';

const f32 = (shape: readonly number[], values: readonly number[]): NdArray => Literal.from('f32', shape, values).nd();
const boolean = (b: boolean): NdArray => Literal.from('boolean', [], [b ? 1 : 0]).nd();
const typed = (name: string, type: TypeProto): ValueInfoProto => ({ name, type });
const tensors: TypeProto = { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'n' }] } } };
const read = (g: GraphProto, inputs?: OnnxOptions['inputs']): Model => translate(model(g), { bytes: new Uint8Array() }, { inputs });
const run = (m: Model, ...inputs: NdArray[]): readonly (readonly number[])[] =>
  interpret(m, inputs).map((y) => Array.from(y.data as Float32Array));

describe('sequences and optionals', () => {
  it('as inputs become one tensor for each item, whose number the reader is told', () => {
    const g = graph(
      [node('ConcatFromSequence', ['s'], ['y'], [attribute.int('axis', 0)])],
      [typed('s', { sequenceType: { elemType: tensors } })],
      ['y'],
    );
    const m = read(g, { s: 2 });
    expect(m.inputs.map((v) => v.anyName)).toEqual(['s[0]', 's[1]']);
    expect(run(m, f32([2], [1, 2]), f32([1], [3]))).toEqual([[1, 2, 3]]);
    expect(() => read(g)).toThrow(CuveeError);
    expect(() => read(g)).toThrow(/inputs: \{ "s": n \}/);
  });

  it('as outputs become one tensor for each item', () => {
    const m = read(graph([node('Neg', ['x'], ['n']), node('SequenceConstruct', ['x', 'n'], ['y'])], [value('x', [1])], ['y']));
    expect(m.outputs.map((v) => v.anyName)).toEqual(['y[0]', 'y[1]']);
    expect(run(m, f32([1], [4]))).toEqual([[4], [-4]]);
  });

  it('an optional holds something unless the reader is told otherwise', () => {
    const g = graph([node('OptionalHasElement', ['o'], ['y'])], [typed('o', { optionalType: { elemType: tensors } })], ['y']);
    expect(run(read(g), f32([1], [0]))).toEqual([[1]]);
    expect(run(read(g, { o: 'absent' }))).toEqual([[0]]);
  });

  it('come out of a branch that only the run chooses, where both are made alike', () => {
    const branch = (op: string): GraphProto => graph([node(op, ['x'], ['a']), node('SequenceConstruct', ['a', 'x'], ['s'])], [], ['s']);
    const g = graph(
      [
        node('If', ['c'], ['s'], [attribute.graph('then_branch', branch('Neg')), attribute.graph('else_branch', branch('Abs'))]),
        node('SequenceAt', ['s', 'zero'], ['y']),
      ],
      [value('c', [], 9), value('x', [1])],
      ['y'],
      [{ name: 'zero', dataType: 7, dims: [], int64Data: BigInt64Array.of(0n), stringData: [], externalData: [] }],
    );
    expect(run(read(g), boolean(true), f32([1], [2]))).toEqual([[-2]]);
    expect(run(read(g), boolean(false), f32([1], [-2]))).toEqual([[2]]);
  });

  it('go through a loop whose turns are known', () => {
    const body = graph(
      [node('Identity', ['go'], ['goes']), node('Mul', ['x', 'x'], ['square']), node('SequenceInsert', ['s', 'square'], ['t'])],
      [value('i', [], 7), value('go', [], 9), typed('s', { sequenceType: { elemType: tensors } })],
      ['goes', 't'],
    );
    const g = graph(
      [node('SequenceEmpty', [], ['none']), node('Loop', ['turns', '', 'none'], ['y'], [attribute.graph('body', body)])],
      [value('x', [1])],
      ['y'],
      [{ name: 'turns', dataType: 7, dims: [], int64Data: BigInt64Array.of(3n), stringData: [], externalData: [] }],
    );
    expect(run(read(g), f32([1], [3]))).toEqual([[9], [9], [9]]);
  });

  it('are parts of a tensor where only the run tells how many: taken, counted, joined, and no output', () => {
    const split = node('SplitToSequence', ['x'], ['s'], [attribute.int('axis', 0), attribute.int('keepdims', 0)]);
    const counted = graph(
      [split, node('SequenceLength', ['s'], ['n']), node('ConcatFromSequence', ['s'], ['y'], [attribute.int('axis', 0)])],
      [value('x', ['k', 2])],
      ['n', 'y'],
    );
    const m = read(counted);
    expect(interpret(m, [f32([3, 2], [1, 2, 3, 4, 5, 6])]).map((y) => [y.shape, Array.from(y.data as Float32Array, Number)])).toEqual([
      [[], [3]],
      [[6], [1, 2, 3, 4, 5, 6]],
    ]);
    expect(() => read(graph([split], [value('x', ['k', 2])], ['s']))).toThrow(/output "s" is a sequence whose length only the run tells/);
  });

  it('that a loop of unknown length carries may be appended to, and nothing else', () => {
    const loop = (body: readonly ReturnType<typeof node>[]): GraphProto =>
      graph(
        [
          node('SequenceEmpty', [], ['none']),
          node(
            'Loop',
            ['turns', '', 'none'],
            ['s'],
            [
              attribute.graph(
                'body',
                graph(
                  [node('Identity', ['go'], ['goes']), ...body],
                  [value('i', [], 7), value('go', [], 9), typed('s', { sequenceType: { elemType: tensors } })],
                  ['goes', 't'],
                ),
              ),
            ],
          ),
          node('ConcatFromSequence', ['s'], ['y'], [attribute.int('axis', 0)]),
        ],
        [value('x', [1]), value('turns', [], 7)],
        ['y'],
      );
    const append = node('SequenceInsert', ['s', 'x'], ['t']);
    expect(run(read(loop([append])), f32([1], [3]), Literal.from('i64', [], [2]).nd())).toEqual([[3, 3]]);
    expect(() => read(loop([append, node('SequenceLength', ['s'], ['l'])]))).toThrow(/more than appending/);
    expect(() => read(loop([node('SequenceInsert', ['s', 'x'], ['u']), node('SequenceInsert', ['u', 'x'], ['t'])]))).toThrow(
      /append one tensor each/,
    );
  });
});
