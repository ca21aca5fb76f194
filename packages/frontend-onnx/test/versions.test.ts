import { readFileSync } from 'node:fs';
import { interpret, type NdArray } from '@cuvee/core';
import { describe, expect, it } from 'vitest';
import { onnx } from '../src/index.js';
import { ExternalFiles } from '../src/external.js';
import { readTensorProto } from '../src/proto/index.js';
import { literalOf } from '../src/tensor.js';

interface Case {
  readonly name: string;
  readonly model: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

const cases = JSON.parse(readFileSync(new URL('./fixtures/versions.json', import.meta.url), 'utf8')) as readonly Case[];
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const array = (text: string): NdArray => literalOf(readTensorProto(bytes(text)), new ExternalFiles(undefined), 'test data').nd();

function expectClose(actual: NdArray, expected: NdArray): void {
  expect({ type: actual.type, shape: actual.shape }).toEqual({ type: expected.type, shape: expected.shape });
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [Number(actual.data[i]), Number(expected.data[i])];
    if (!(Object.is(a, e) || Math.abs(a - e) <= 1e-5 + 1e-4 * Math.abs(e))) throw new Error(`element ${i} is ${a}, expected ${e}`);
  }
}

describe('every version of an operator', () => {
  it.each(cases.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const model = onnx().read({ bytes: bytes(c.model) });
    const outputs = interpret(model, c.inputs.map(array));
    expect(outputs.length).toBe(c.outputs.length);
    c.outputs.forEach((expected, i) => expectClose(outputs[i] as NdArray, array(expected)));
  });
});
