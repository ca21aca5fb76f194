/** What `console.log` shows of the classes. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { newCore, ov, relu, subtract } from './models.js';

describe('printed', () => {
  it.each([
    ['Tensor', () => new ov.Tensor('f32', [2, 2], Float32Array.of(1, 2.5, 3, 4)), 'Tensor f32 [2,2] { 1, 2.5, 3, 4 }'],
    ['a long Tensor', () => new ov.Tensor('u8', [9]), 'Tensor u8 [9] { 0, 0, 0, 0, 0, 0, … }'],
    ['a Tensor of strings', () => new ov.Tensor(['a', 'b']), 'Tensor string [2] { "a", "b" }'],
    ['Output', () => relu().output(), 'Output "relu" f32 [1,3,32,32]'],
    ['Model', () => subtract(), 'Model "subtract" { inputs: [a f32 [2], b f32 [2]], outputs: [difference f32 [2]] }'],
    ['Node', () => relu().getOps()[0], 'Node Parameter "data"'],
    ['CompiledModel', () => newCore().compileModelSync(relu(), 'CPU'), 'CompiledModel "relu_model" for CPU'],
    ['PartialShape', () => new ov.PartialShape('?,3'), 'PartialShape [?,3]'],
  ])('%s', (_what, make, text) => {
    expect(inspect(make())).toBe(text);
  });
});
