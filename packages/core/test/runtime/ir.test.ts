import { describe, expect, it } from 'vitest';
import { builder, Core, Literal, Model, print, readIr, Tensor, writeIr } from '@cuvee/core';
import { reference } from '@cuvee/plugin-reference';

/** x [?,3] → softmax(x · w + b). */
function small(): Model {
  const g = builder();
  const x = g.parameter('f32', '?,3', 'x');
  const w = g.constant('f32', [3, 2], [1, 2, 3, 4, 5, 6], 'w');
  const y = g.softmax(g.add(g.matMul(x, w), g.constant(Literal.from('f32', [2], [0.5, -0.5]))), { axis: -1 });
  const result = g.result(y, 'out');
  return new Model({ name: 'small', parameters: [x.node], results: [result], scope: g.scope });
}

const written = (model: Model, half = false) => {
  const { xml, weights } = writeIr(model, { compressToFp16: half });
  const bytes = new Uint8Array(weights.reduce((n, w) => n + w.length, 0));
  let at = 0;
  for (const w of weights) {
    bytes.set(w, at);
    at += w.length;
  }
  return readIr({ bytes: new TextEncoder().encode(xml), weights: { kind: 'bytes', bytes } });
};

describe('IR', () => {
  it('reads what it writes', () => {
    const model = small();
    // Nodes that nobody named are named in the file.
    const plain = (m: Model): string => print(m).replace(/%([A-Za-z]+)_\d+/g, (_, name: string) => `%${name.toLowerCase()}`);
    expect(plain(written(model))).toBe(plain(model));
  });

  it('compresses to f16 and computes the same', async () => {
    const core = new Core({ plugins: [reference()], frontends: [] });
    const run = async (m: Model) =>
      (await core.compileModel(m, 'REFERENCE')).createInferRequest().infer([new Tensor('f32', [1, 3], Float32Array.of(0.1, 0.2, 0.3))]);
    const a = Object.values(await run(small()))[0];
    const b = Object.values(await run(written(small(), true)))[0];
    expect(Array.from(b?.data as Float32Array)).toEqual(Array.from(a?.data as Float32Array));
  });
});
