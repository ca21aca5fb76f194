/** Class PartialShape, row by row of the API table. What is printed is what OpenVINO 2026.4.1 prints, save for lists. */
import { deepStrictEqual } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { codeOf, ov, thrown } from './models.js';

describe('PartialShape', () => {
  it('without an argument: a scalar', () => {
    const empty = new ov.PartialShape();
    deepStrictEqual([empty.toString(), empty.isStatic(), empty.getDimensions()], ['[]', true, []]);
  });
  it.each([
    ['1, 3, 224, 224', '[1,3,224,224]', [1, 3, 224, 224]],
    ['?, -1, 1..3, 224', '[?,?,1..3,224]', [-1, -1, [1, 3], 224]],
    ['[1,?,960..1200]', '[1,?,960..1200]', [1, -1, [960, 1200]]],
    ['[..]', '[?]', [-1]],
    [
      '[2..,..8]',
      '[2..,..8]',
      [
        [2, -1],
        [0, 8],
      ],
    ],
    ['[5..2]', '[?]', [-1]],
    ['[ 1 , 2 ]', '[1,2]', [1, 2]],
    ['', '[]', []],
  ])('of "%s" prints %s', (text, printed, dimensions) => {
    const shape = new ov.PartialShape(text);
    expect(shape.toString()).toBe(printed);
    deepStrictEqual(shape.getDimensions(), dimensions);
    const fixed = dimensions.every((d) => typeof d === 'number' && d >= 0);
    deepStrictEqual([shape.isStatic(), shape.isDynamic()], [fixed, !fixed]);
  });
  it('of dynamic rank', () => {
    const shape = new ov.PartialShape('...');
    deepStrictEqual([shape.toString(), shape.isDynamic()], ['[...]', true]);
    expect(codeOf(() => shape.getDimensions())).toBe('SHAPE_MISMATCH');
  });
  it('of a list', () => {
    expect(String(new ov.PartialShape([1, -1, [960, 1200], [2, -1]]))).toBe('[1,?,960..1200,2..]');
  });
  it.each(['[1,abc]', '960:1200', ':2', '1,,2', '[1'])('"%s" is refused', (text) => {
    expect(codeOf(() => new ov.PartialShape(text))).toBe('ARGUMENT_INVALID');
  });
  it('wrong arguments', () => {
    const make = ov.PartialShape as unknown as new (...a: unknown[]) => object;
    for (const given of [[5], [null], ['1', '2']])
      expect(thrown(() => new make(...given)).message).toContain("'PartialShape' constructor method called");
    expect(codeOf(() => new make([1.5]))).toBe('ARGUMENT_INVALID');
    const shape = new ov.PartialShape('1');
    for (const method of ['isStatic', 'isDynamic', 'toString', 'getDimensions'] as const)
      expect(thrown(() => (shape[method] as (a: unknown) => unknown)(1)).message).toBe(`${method}() does not accept any arguments.`);
  });
});
