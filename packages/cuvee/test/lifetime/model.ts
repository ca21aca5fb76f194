/** @file A chain of matrix products as IR on disk, with weights as large as a test likes. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';

/**
 * Writes `path` (.xml, with .bin beside it): x [?, size] times `layers` square matrices, divided down so that values stay small.
 * The matrices are one and the same, or all different with `distinct`: then the .bin has layers * size² * 4 bytes.
 */
export function writeChain(path: string, { size, layers, distinct }: { size: number; layers: number; distinct: boolean }): void {
  const bytes = size * size * 4;
  const file = openSync(path.replace(/\.xml$/, '.bin'), 'w');
  for (let layer = 0; layer < (distinct ? layers : 1); layer++) {
    const matrix = new Float32Array(size * size);
    for (let i = 0, seed = layer * 7919 + 1; i < matrix.length; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      matrix[i] = (seed / 0x7fffffff - 0.5) / Math.sqrt(size);
    }
    writeSync(file, new Uint8Array(matrix.buffer));
  }
  closeSync(file);
  const port = (id: number, ...dims: number[]) => `<port id="${id}" precision="FP32">${dims.map((d) => `<dim>${d}</dim>`).join('')}</port>`;
  const layersText = Array.from(
    { length: layers },
    (_, i) =>
      `<layer id="${2 * i + 1}" name="w${i}" type="Const" version="opset1"><data element_type="f32" shape="${size}, ${size}" offset="${distinct ? i * bytes : 0}" size="${bytes}"/><output>${port(0, size, size)}</output></layer>
<layer id="${2 * i + 2}" name="product${i}" type="MatMul" version="opset1"><data transpose_a="false" transpose_b="false"/><input>${port(0, -1, size)}${port(1, size, size)}</input><output>${port(2, -1, size)}</output></layer>`,
  ).join('\n');
  const edges = Array.from(
    { length: layers },
    (_, i) =>
      `<edge from-layer="${i === 0 ? 0 : 2 * i}" from-port="${i === 0 ? 0 : 2}" to-layer="${2 * i + 2}" to-port="0"/><edge from-layer="${2 * i + 1}" from-port="0" to-layer="${2 * i + 2}" to-port="1"/>`,
  ).join('\n');
  writeFileSync(
    path,
    `<?xml version="1.0"?>
<net name="chain" version="11"><layers>
<layer id="0" name="x" type="Parameter" version="opset1"><data shape="?,${size}" element_type="f32"/><output>${port(0, -1, size)}</output></layer>
${layersText}
<layer id="${2 * layers + 1}" name="y" type="Result" version="opset1"><input>${port(0, -1, size)}</input></layer>
</layers><edges>
${edges}
<edge from-layer="${2 * layers}" from-port="2" to-layer="${2 * layers + 1}" to-port="0"/>
</edges></net>
`,
  );
}
