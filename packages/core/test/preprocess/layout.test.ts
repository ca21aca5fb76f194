import { describe, expect, test } from 'vitest';
import { Layout } from '@cuvee/core';
import { inverse, permutation, permuted, surplus } from '../../src/preprocess/layout.js';

describe('the text of a layout', () => {
  test.each([
    ['NCHW', '[N,C,H,W]'],
    ['nc?', '[N,C,?]'],
    ['N...C', '[N,...,C]'],
    ['...', '[...]'],
    ['', '[...]'],
    ['?', '[?]'],
    [' [ batch , channels, height,width ] ', '[N,C,H,W]'],
    ['[N, ..., C]', '[N,...,C]'],
    ['[a_b,C]', '[A_B,C]'],
    ['B2', '[N,2]'],
    ['**SCALAR**', '**SCALAR**'],
  ])('%j is %s', (text, printed) => {
    expect(new Layout(text).toString()).toBe(printed);
  });

  test.each([
    ['NCH..W', 'undefined number of dimensions'],
    ['N....C', 'multiple ... are not allowed'],
    ['N...C...', 'multiple ... are not allowed'],
    ['NN', 'N is defined multiple times'],
    ['[N,batch]', 'N is defined multiple times'],
    ['[N,C', 'only english letters'],
    ['[]', 'empty'],
    ['  ', 'empty'],
    ['[N,,C]', "name can't be empty"],
    ['N C', 'only english letters'],
    ['[N;C]', 'only english letters'],
    ['[_]', 'only english letters'],
    ['[N ... C]', 'invalid left side'],
    ['[N,... C]', 'invalid right side'],
  ])('%j is none: %s', (text, why) => {
    expect(() => new Layout(text)).toThrow(why);
  });
});

test('axes are found from either end', () => {
  const layout = new Layout('N...C');
  expect([layout.axis('N', 5, 'test'), layout.axis('C', 5, 'test')]).toEqual([0, 4]);
  expect(() => layout.axis('H', 5, 'resize')).toThrow("resize: layout [N,...,C] doesn't have `height` dimension");
});

describe('the order that leads from one layout to another', () => {
  test.each([
    ['NHWC', 'NCHW', 4, [0, 3, 1, 2]],
    ['NCHW', 'NHWC', 4, [0, 2, 3, 1]],
    ['NHWC', 'NHWC', 4, undefined],
    ['N...C', 'NC...', 5, [0, 4, 1, 2, 3]],
    ['NHWC', 'NC??', 4, [0, 3, 1, 2]],
    ['??c?', 'nc??', 4, [0, 2, 1, 3]],
    ['', 'NCHW', 4, undefined],
  ])('%s to %s of %d axes', (from, to, rank, order) => {
    expect(permutation(new Layout(from), new Layout(to), rank)).toEqual(order);
  });

  test('and what has none', () => {
    expect(() => permutation(new Layout('NHWC'), new Layout('NCDHW'), 4)).toThrow('different sizes');
    expect(() => permutation(new Layout('NHWC'), new Layout('NCHD'), 4)).toThrow("'W' is not found");
    expect(() => permutation(new Layout('NHWC'), new Layout('NCHW'), 5)).toThrow('not consistent');
    expect(() => permutation(new Layout('N...'), new Layout('NCHW'), undefined)).toThrow('number of axes is known');
  });

  test('is undone by its inverse', () => {
    expect(inverse([0, 3, 1, 2])).toEqual([0, 2, 3, 1]);
    expect(permuted(new Layout('NHWC'), [0, 3, 1, 2]).toString()).toBe('[N,C,H,W]');
    expect(() => permuted(new Layout('NHWC'), [0, 3, 3, 2])).toThrow('more than once');
    expect(() => permuted(new Layout('NHWC'), [0, 4, 1, 2])).toThrow('out of bounds');
    expect(() => permuted(new Layout('N...'), [0, 1])).toThrow('dynamic layout');
  });
});

test('axes that a tensor lacks', () => {
  expect(surplus(new Layout('NCHW'), new Layout('HWC'))).toEqual([0]);
  expect(surplus(new Layout('NCHW'), new Layout('NHWC'))).toBeUndefined();
  expect(() => surplus(new Layout('NC??'), new Layout('HWC'))).toThrow('fully specified model layout');
  expect(() => surplus(new Layout('NCHW'), new Layout('?WC'))).toThrow('fully specified tensor layout');
  expect(() => surplus(new Layout('NCHW'), new Layout('HDC'))).toThrow('missing in model layout [N,C,H,W]: D');
});
