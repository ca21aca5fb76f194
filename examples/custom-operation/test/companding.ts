/** @file An ONNX file with two nodes of the domain `example.audio`, written by hand: protobuf is fields of tag, length and content. */
const bytes = (text: string): number[] => [...new TextEncoder().encode(text)];
const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)]);
const field = (number: number, content: readonly number[]): number[] => [number * 8 + 2, ...varint(content.length), ...content];
const text = (number: number, value: string): number[] => field(number, bytes(value));
const integer = (number: number, value: number): number[] => [number * 8, value];

const float = (name: string, value: number): number[] => {
  const raw = new Uint8Array(Float32Array.of(value).buffer);
  // name, f (a fixed32), type FLOAT
  return field(5, [...text(1, name), 2 * 8 + 5, ...raw, 0xa0, 0x01, 1]);
};
const node = (op: string, from: string, to: string, attribute: readonly number[]): number[] =>
  field(1, [...text(1, from), ...text(2, to), ...text(4, op), ...attribute, ...text(7, 'example.audio')]);
const port = (number: number, name: string): number[] =>
  field(number, [...text(1, name), ...field(2, field(1, [...integer(1, 1), ...field(2, field(1, integer(1, 4)))]))]);

/** x [4] → MuLaw (mu 100) → Compand (quantization 50). */
export function companding(): Uint8Array {
  const graph = [
    ...node('MuLaw', 'x', 'y', float('mu', 100)),
    ...node('Compand', 'y', 'z', float('quantization', 50)),
    ...text(2, 'graph'),
    ...port(11, 'x'),
    ...port(12, 'z'),
  ];
  const opset = (domain: string, version: number): number[] => field(8, [...text(1, domain), ...integer(2, version)]);
  return Uint8Array.from([...integer(1, 8), ...field(7, graph), ...opset('', 17), ...opset('example.audio', 1)]);
}
