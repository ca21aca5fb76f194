import { readFileSync } from 'node:fs';
import { CuveeError } from '@cuvee/core';
import { PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { readModelProto, readOptionalProto, readSequenceProto, readTensorProto } from '../src/proto/index.js';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const write = (fill: (w: PbfWriter) => void): Uint8Array => {
  const w = new PbfWriter();
  fill(w);
  return w.finish().slice();
};
const fail = (bytes: Uint8Array, read: (b: Uint8Array) => unknown = readModelProto): CuveeError => {
  try {
    read(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(CuveeError);
    return error as CuveeError;
  }
  throw new Error('accepted');
};

/** Our decoded form in the form of `everything.json`: onnx's names, bytes as base64, 64-bit integers as text. */
function plain(value: unknown, key = ''): unknown {
  if (value instanceof Uint8Array && (key === 'floatData' || key === 'doubleData')) {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    const size = key === 'floatData' ? 4 : 8;
    return Array.from({ length: value.length / size }, (_, i) => {
      const x = size === 4 ? view.getFloat32(i * 4, true) : view.getFloat64(i * 8, true);
      return Number.isFinite(x) ? x : 'inf';
    });
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'bigint') return String(value);
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) return Array.from(value, String);
  if (value instanceof Int32Array) return Array.from(value);
  if (Array.isArray(value)) return value.map((v) => plain(v));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, v]) => !(Array.isArray(v) && v.length === 0));
  return Object.fromEntries(entries.map(([k, v]) => [k.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), plain(v, k)]));
}

describe('ONNX protobuf reader', () => {
  it('reads what onnx itself reads in a model with every kind of field', () => {
    const expected = JSON.parse(new TextDecoder().decode(fixture('everything.json'))) as Record<string, Record<string, unknown>>;
    delete expected.graph?.quantization_annotation;
    expect(plain(readModelProto(fixture('everything.onnx')))).toEqual(expected);
  });

  it('keeps raw data, packed floats and byte strings as views of the file', () => {
    const bytes = fixture('everything.onnx');
    const { graph } = readModelProto(bytes);
    const [raw, floats] = graph?.initializer ?? [];
    expect(raw?.rawData?.buffer).toBe(bytes.buffer);
    expect(floats?.floatData?.buffer).toBe(bytes.buffer);
    expect(graph?.node[0]?.attribute.find((a) => a.name === 's')?.s?.buffer).toBe(bytes.buffer);
  });

  it('takes repeated numbers packed, one by one, and in several runs', () => {
    const bytes = write((w) => {
      w.writePackedVarint(1, [2, 3]);
      w.writeVarintField(1, 4);
      for (const x of [1, -1, 7]) w.writeVarintField(5, x);
      w.writePackedVarint(5, [8, -9]);
      w.writeFloatField(4, 0.5);
      w.writePackedFloat(4, [1.5, 2.5]);
      w.writeFloatField(4, 3.5);
      w.writeDoubleField(10, 0.25);
      w.writeVarintField(7, -5);
      w.writePackedVarint(7, [6]);
    });
    const t = readTensorProto(bytes);
    expect(t.dims).toEqual([2n, 3n, 4n]);
    expect(t.int32Data).toEqual(Int32Array.of(1, -1, 7, 8, -9));
    expect(new Float32Array((t.floatData as Uint8Array).slice().buffer)).toEqual(Float32Array.of(0.5, 1.5, 2.5, 3.5));
    expect(new Float64Array((t.doubleData as Uint8Array).slice().buffer)).toEqual(Float64Array.of(0.25));
    expect(t.int64Data).toEqual(BigInt64Array.of(-5n, 6n));
  });

  it('takes packed attribute lists too', () => {
    const bytes = write((w) =>
      w.writeMessage(
        7,
        (_, g) =>
          g.writeMessage(
            1,
            (_n, n) =>
              n.writeMessage(
                5,
                (_a, a) => {
                  a.writePackedVarint(8, [1, -2]);
                  a.writePackedFloat(7, [0.5]);
                },
                0,
              ),
            0,
          ),
        0,
      ),
    );
    const attribute = readModelProto(bytes).graph?.node[0]?.attribute[0];
    expect(attribute?.ints).toEqual([1n, -2n]);
    expect(attribute?.floats).toEqual([0.5]);
  });

  it('reads test data: sequences and optionals', () => {
    expect(readSequenceProto(fixture('sequence.pb'))).toMatchObject({ name: 's', elemType: 1, tensorValues: [{ dims: [3n] }] });
    expect(readOptionalProto(fixture('optional.pb'))).toMatchObject({ elemType: 3, sequenceValue: { tensorValues: [{ dims: [3n] }] } });
  });

  it('skips unknown fields of every wire type', () => {
    const bytes = write((w) => {
      w.writeVarintField(99, 2 ** 40);
      w.writeFixed64Field(98, 1);
      w.writeFixed32Field(97, 1);
      w.writeStringField(2000, 'later');
      w.writeStringField(2, 'me');
    });
    expect(readModelProto(bytes).producerName).toBe('me');
  });

  it('refuses every truncation with the offset, or reads a whole prefix', () => {
    const bytes = fixture('everything.onnx');
    let refused = 0;
    for (let end = 0; end < bytes.length; end++) {
      try {
        readModelProto(bytes.subarray(0, end));
      } catch (error) {
        expect(error).toMatchObject({ code: 'MODEL_INVALID' });
        expect((error as Error).message).toMatch(/\(byte \d+\)$/);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(bytes.length - 12);
  });

  it('survives every single damaged byte: a model or MODEL_INVALID', () => {
    const bytes = fixture('everything.onnx').slice();
    for (let at = 0; at < bytes.length; at++) {
      const kept = bytes[at] as number;
      for (const damaged of [0, 0xff, kept ^ 0x80, kept + 1]) {
        bytes[at] = damaged;
        try {
          readModelProto(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MODEL_INVALID' });
        }
      }
      bytes[at] = kept;
    }
  });

  it('names what is wrong', () => {
    expect(fail(Uint8Array.of(0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)).message).toMatch(
      /length of producerName \d+ is out of range \(byte 1\)/,
    );
    expect(fail(Uint8Array.of(0x12, 5, 65)).message).toMatch(/producerName is 5 bytes long, but only 1 are left/);
    expect(fail(Uint8Array.of(0x12, 2, 0xc3, 0x28)).message).toMatch(/producerName is not valid UTF-8/);
    expect(fail(Uint8Array.of(0x08, ...new Array<number>(11).fill(0x80))).message).toMatch(
      /irVersion is truncated or longer than 10 bytes/,
    );
    expect(fail(Uint8Array.of(0x08, 0x80)).message).toMatch(/irVersion is truncated/);
    expect(fail(Uint8Array.of(0x0d, 0, 0, 0, 0)).message).toMatch(/irVersion has wire type 5, expected 0/);
    expect(fail(Uint8Array.of(0x0b)).message).toMatch(/wire type 3/);
    expect(fail(Uint8Array.of(0x9b, 6)).message).toMatch(/wire type 3, which ONNX does not use/);
    expect(fail(Uint8Array.of(0x00, 0x00)).message).toMatch(/field tag 0 is not valid/);
    expect(fail(Uint8Array.of(0x3a, 0, 0x3a, 0)).message).toMatch(/graph appears twice/);
    expect(fail(Uint8Array.of(0x22, 3, 0, 0, 0), readTensorProto).message).toMatch(/floatData has 3 bytes, not a multiple of 4/);
  });

  it('keeps a nested message inside its parent', () => {
    // graph of 2 bytes whose name claims 4
    expect(fail(Uint8Array.of(0x3a, 2, 0x12, 4, 65, 66, 67, 68)).message).toMatch(/name is 4 bytes long, but only 0 are left/);
  });

  it('limits nesting of graphs to 64, quickly', () => {
    const nest = (depth: number): Uint8Array => {
      let graph: Uint8Array = new Uint8Array();
      for (let i = 1; i < depth; i++) {
        const inner = graph;
        graph = write((w) => w.writeMessage(1, (_, n) => n.writeMessage(5, (_a, a) => a.writeBytesField(6, inner), 0), 0));
      }
      return write((w) => w.writeBytesField(7, graph));
    };
    expect(readModelProto(nest(64)).graph).toBeDefined();
    expect(fail(nest(65)).message).toMatch(/GraphProto is nested more than 64 deep/);
    const started = performance.now();
    expect(fail(nest(3000)).code).toBe('MODEL_INVALID');
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
