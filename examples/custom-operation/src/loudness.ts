import { only, op, port } from '@cuvee/core';

/** (module (func (export "squares") (param i32 i32) (result f32) …)): the sum of n squares of f32 from an address on. */
const code = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 125, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 20, 2, 6, 109, 101, 109, 111, 114, 121, 2, 0,
  7, 115, 113, 117, 97, 114, 101, 115, 0, 0, 10, 60, 1, 58, 2, 1, 125, 1, 127, 2, 64, 3, 64, 32, 3, 32, 1, 79, 13, 1, 32, 2, 32, 0, 32, 3,
  65, 2, 116, 106, 42, 2, 0, 32, 0, 32, 3, 65, 2, 116, 106, 42, 2, 0, 148, 146, 33, 2, 32, 3, 65, 1, 106, 33, 3, 12, 0, 11, 11, 32, 2, 11,
]);
interface Squares {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  squares(address: number, count: number): number;
}
/** What every engine has, typed without the DOM. */
interface Engine {
  readonly WebAssembly: {
    readonly Module: new (code: Uint8Array) => object;
    readonly Instance: new (module: object) => { readonly exports: unknown };
  };
}
const { WebAssembly } = globalThis as unknown as Engine;
const { memory, squares } = new WebAssembly.Instance(new WebAssembly.Module(code)).exports as Squares;

/** Root of the mean square of each row of samples [rows, n] → [rows], evaluated by WebAssembly. */
export const Loudness = op('Loudness', {
  domain: 'example.audio',
  inputs: [port('samples', only('f32'))],
  outputs: [port('output', only('f32'))],

  infer({ samples }, _, ctx) {
    const rows = ctx.axes('samples', samples, 2)?.[0];
    return { type: 'f32', shape: rows === undefined ? undefined : [rows] };
  },

  evaluate({ samples }) {
    const [rows, n] = samples.shape as [number, number];
    const missing = n * 4 - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    const data = Float32Array.from({ length: rows }, (_, row) => {
      new Float32Array(memory.buffer).set((samples.data as Float32Array).subarray(row * n, (row + 1) * n));
      return n === 0 ? 0 : Math.sqrt(squares(0, n) / n);
    });
    return { type: 'f32', shape: [rows], data };
  },
});
