import { describe, expect, it } from 'vitest';
import type { ModelProto } from '../src/proto/index.js';
import { attribute, f32, fn, graph, model, node, read, refusal, run, value } from './models.js';

const x = value('x', [2]);

describe('functions', () => {
  const call = (
    name: string,
    input: readonly string[],
    output: readonly string[],
    more = {},
    attributes: Parameters<typeof node>[3] = [],
  ) => node(name, input, output, attributes, { domain: 'test', ...more });
  it('are put in place, with attributes, defaults and missing inputs', () => {
    const leaky = fn(
      'Leaky',
      ['p', 'bias'],
      ['q'],
      [node('LeakyRelu', ['p'], ['t'], [attribute.ref('alpha', 'slope', 1)]), node('Clip', ['t', '', 'bias'], ['q'])],
      { attributeProto: [attribute.float('slope', 0.25)] },
    );
    const given = read(model(graph([call('Leaky', ['x'], ['y'], {}, [attribute.float('slope', 0.5)])], [x], ['y']), [leaky]));
    expect(run(given, f32([2], [-4, 3]))).toEqual([[-2, 3]]);
    const usual = read(model(graph([call('Leaky', ['x'], ['y'])], [x], ['y']), [leaky]));
    expect(run(usual, f32([2], [-4, 3]))).toEqual([[-1, 3]]);
  });
  it('are found by overload', () => {
    const one = fn('F', ['p'], ['q'], [node('Neg', ['p'], ['q'])]),
      two = fn('F', ['p'], ['q'], [node('Abs', ['p'], ['q'])], { overload: 'two' });
    const m = read(model(graph([call('F', ['x'], ['a']), call('F', ['a'], ['y'], { overload: 'two' })], [x], ['y']), [one, two]));
    expect(run(m, f32([2], [-4, 3]))).toEqual([[4, 3]]);
  });
  it('use the operator sets that they ask for', () => {
    const old = fn('Old', ['p'], ['q'], [node('Softmax', ['p'], ['q'])], { opsetImport: [{ domain: '', version: 11n }] });
    const m = read(model(graph([call('Old', ['z'], ['y'])], [value('z', [1, 2, 2])], ['y']), [old]));
    const [y] = run(m, f32([1, 2, 2], [0, 0, 0, 0]));
    expect(y).toEqual([0.25, 0.25, 0.25, 0.25]);
  });
  it.each<readonly [string, ModelProto, RegExp]>([
    [
      'one that calls itself',
      model(graph([call('A', ['x'], ['y'])], [x], ['y']), [fn('A', ['p'], ['q'], [call('A', ['p'], ['q'])])]),
      /function A calls itself/,
    ],
    [
      'two that call each other',
      model(graph([call('A', ['x'], ['y'])], [x], ['y']), [
        fn('A', ['p'], ['q'], [call('B', ['p'], ['q'])]),
        fn('B', ['p'], ['q'], [call('A', ['p'], ['q'])]),
      ]),
      /function A calls itself/,
    ],
    [
      'one defined twice',
      model(graph([call('A', ['x'], ['y'])], [x], ['y']), [fn('A', ['p'], ['q'], []), fn('A', ['p'], ['q'], [])]),
      /defined twice/,
    ],
    [
      'an input too many',
      model(graph([call('A', ['x', 'x'], ['y'])], [x], ['y']), [fn('A', ['p'], ['q'], [node('Neg', ['p'], ['q'])])]),
      /takes 1 inputs, the call gives 2/,
    ],
    [
      'an output that it does not make',
      model(graph([call('A', ['x'], ['y'])], [x], ['y']), [fn('A', ['p'], ['q'], [])]),
      /output 0 \("y"\)/,
    ],
  ])('are refused: %s', (_, m, message) => expect(refusal(() => read(m))).toMatch(message));

  const chain = (length: number, times: number): ModelProto => {
    const functions = Array.from({ length }, (_, i) =>
      fn(
        `F${i}`,
        ['p'],
        ['q'],
        i + 1 === length
          ? [node('Neg', ['p'], ['q'])]
          : [
              ...Array.from({ length: times }, (_unused, k) =>
                call(`F${i + 1}`, [k === 0 ? 'p' : `t${k}`], [k + 1 === times ? 'q' : `t${k + 1}`]),
              ),
            ],
      ),
    );
    return model(graph([call('F0', ['x'], ['y'])], [x], ['y']), functions);
  };
  it('nest up to 64 deep, not 65 or 3,000', () => {
    expect(refusal(() => read(chain(60, 1)))).toBe('accepted');
    for (const depth of [66, 3000]) expect(refusal(() => read(chain(depth, 1)))).toMatch(/nested more than 64 deep/);
  });
  it('do not explode: 30 that each call the next twice', () => {
    const started = performance.now();
    expect(refusal(() => read(chain(30, 2)))).toMatch(/MODEL_UNSUPPORTED.*expand to more than/);
    expect(performance.now() - started).toBeLessThan(30_000);
  }, 60_000);
});
