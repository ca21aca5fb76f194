/** @file A model of next to no work, written here: what is measured with it is the call. */

const bytes = (...parts) => Buffer.concat(parts.map((part) => (typeof part === 'number' ? varint(part) : Buffer.from(part))));
function varint(value) {
  const out = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...out, rest]);
    out.push((rest & 127) | 128);
  }
}
/** Fields of a protobuf message: a number, a text, bytes, or a list of one of these for a field that stands several times. */
const message = (fields) =>
  bytes(
    ...Object.entries(fields).flatMap(([field, values]) =>
      [values].flat().map((value) => {
        const tag = Number(field) * 8;
        return typeof value === 'number' ? bytes(tag, value) : bytes(tag + 2, Buffer.byteLength(value), value);
      }),
    ),
  );

const f32 = 1;
const port = (name, shape) =>
  message({ 1: name, 2: message({ 1: message({ 1: f32, 2: message({ 1: shape.map((d) => message({ 1: d })) }) }) }) });
const node = (type, inputs, output) => message({ 1: inputs, 2: output, 4: type });
const tensor = (name, shape, at) =>
  message({
    1: shape,
    2: f32,
    8: name,
    9: Buffer.from(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => at(i)).buffer),
  });

/** relu(x·w + b) as ONNX, x of [1, 64]. */
export function smallModel() {
  const graph = message({
    1: [node('MatMul', ['x', 'w'], 'product'), node('Add', ['product', 'b'], 'sum'), node('Relu', ['sum'], 'y')],
    2: 'small',
    5: [tensor('w', [64, 64], (i) => ((i % 13) - 6) / 40), tensor('b', [64], (i) => i / 64)],
    11: port('x', [1, 64]),
    12: port('y', [1, 64]),
  });
  return message({ 1: 8, 7: graph, 8: message({ 2: 13 }) });
}
