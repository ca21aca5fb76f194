/** @file Errors: their codes, what they name, and that nothing is worse afterwards. */
import { Tensor, type InferRequest } from '@cuvee/core';
import { area, check, fails, must } from './check.js';
import { closeTo, isParabola, modelOf, pair, parabola, vector } from './models.js';
import { anyVector, type Subject } from './subject.js';

async function works(request: InferRequest, after: string): Promise<void> {
  closeTo((await request.inferAsync({ a: vector(1), b: vector(2) })).second, [3], `the run after ${after}`);
}

export const errors = area('errors', {
  arguments: check('Throws ARGUMENT_INVALID, TYPE_MISMATCH, SHAPE_MISMATCH', async (s) => {
    const request = await s.request(pair());
    const b = vector(2);
    await fails(() => request.inferAsync({ b }), 'ARGUMENT_INVALID', 'a run that lacks an input');
    await fails(() => request.inferAsync({ a: b, b, c: b }), 'ARGUMENT_INVALID', 'an input that there is not');
    await fails(() => request.inferAsync([b, b, b]), 'ARGUMENT_INVALID', 'three inputs for two');
    await fails(() => request.inferAsync({ a: new Tensor('i32', [1]), b }), 'TYPE_MISMATCH', 'a tensor of i32 for f32');
    await fails(() => request.inferAsync({ a: new Tensor('f32', [1, 1]), b }), 'SHAPE_MISMATCH', 'a tensor of two dimensions for one');
    await works(request, 'wrong arguments');
  }),

  during: check(
    ['Every failure that Cuvée reports.', 'The message says what was being done, the op, the node, what was expected and what was there;'],
    async (s) => {
      const model = modelOf('picked', (g) => {
        const x = g.parameter('f32', '?', 'x');
        const at = g.parameter('i64', '?', 'at');
        return { inputs: [x, at], outputs: { y: g.gather(x, at, g.constant('i64', [], [0])) } };
      });
      await s.needs(model);
      const request = await s.request(model);
      const at = (i: number): Tensor => Tensor.from('i64', [1], [i]);
      closeTo((await request.inferAsync({ x: anyVector, at: at(2) })).y, [3], 'an element that is there');
      await request.inferAsync({ x: anyVector, at: at(7) }).then(
        () => undefined, // a device may define what lies outside
        (error: unknown) => fails(() => Promise.reject(error as Error), undefined, 'an element that is not there'),
      );
      closeTo((await request.inferAsync({ x: anyVector, at: at(0) })).y, [1], 'the run after an element that is not there');
    },
  ),

  named: check('The message says what was being done, the op, the node, what was expected and what was there;', async (s) => {
    const request = await s.request(pair());
    const error = await fails(() => request.inferAsync({ a: vector(1, 2), b: vector(1, 2, 3) }), undefined, 'adding [2] to [3]');
    must(
      error.message.includes('pair') && error.message.includes(s.plugin),
      `the message names neither model nor device: ${error.message}`,
    );
    await works(request, 'sizes that do not agree');
  }),

  absent: check('Throws DEVICE_NOT_FOUND.', async (s) => {
    await fails(
      () => s.core.compileModel(parabola(), 'NO_SUCH_DEVICE'),
      'DEVICE_NOT_FOUND',
      'compiling for a device that no plugin provides',
    );
    await fails(
      () => s.host.compile(parabola(), 'NO_SUCH_DEVICE', {}),
      'DEVICE_NOT_FOUND',
      'the host compiling for a device that no plugin provides',
    );
  }),

  storm: check('What happens to one request happens to no other.', async (s: Subject) => {
    const compiled = await s.compile(pair());
    const stream = async (k: number): Promise<void> => {
      const request = s.hold(compiled.createInferRequest());
      for (let i = 0; i < 10; i++) {
        if ((i + k) % 2 === 0)
          await fails(() => request.inferAsync({ a: vector(1, 2), b: vector(1, 2, 3) }), undefined, 'adding [2] to [3]');
        else
          closeTo(
            (await request.inferAsync({ a: vector(k, i), b: vector(1, 1) })).second,
            [k + 1, i + 1],
            'a right run among failing ones',
          );
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, k) => stream(k)));
    isParabola((await (await s.request(parabola())).inferAsync({ x: anyVector })).y, anyVector, 'another model after that');
  }),
});
