/** @file Attribute values as IR text and back, derived from their kinds; names; string constants. */
import { CuveeError } from '../errors.js';
import type { AttributeSpec, AttributeValue, Schema } from '../ops/attributes.js';

/** Text → value. Returns undefined for text that is no value of that kind; the attribute check then says what was expected. */
export function readValue(spec: AttributeSpec, text: string): unknown {
  const items = (): string[] => (text.trim() === '' ? [] : text.split(',').map((s) => s.trim()));
  switch (spec.kind) {
    case 'int':
      return readInteger(text);
    case 'ints':
      return items().map(readInteger);
    case 'float':
      return readFloat(text);
    case 'floats':
      return items().map(readFloat);
    case 'bool':
      return text === 'true' || text === '1' || text === 'True'
        ? true
        : text === 'false' || text === '0' || text === 'False'
          ? false
          : text;
    case 'texts':
      return items();
    case 'enum':
      return spec.words?.find((w) => w === text) ?? spec.words?.find((w) => w.toLowerCase() === text.toLowerCase()) ?? text;
    default:
      return text;
  }
}

/** 64-bit sentinels come back as the nearest number that JavaScript has. */
const readInteger = (text: string): number =>
  /^[+-]?\d+$/.test(text.trim()) ? Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, Number(text))) : Number.NaN;
const readFloat = (text: string): number => {
  const word = text.trim().toLowerCase();
  if (word === 'inf' || word === '+inf' || word === 'infinity') return Number.POSITIVE_INFINITY;
  if (word === '-inf' || word === '-infinity') return Number.NEGATIVE_INFINITY;
  return word === '' ? Number.NaN : Number(word);
};

/** Value → text. */
export function writeValue(spec: AttributeSpec, value: AttributeValue): string {
  if (spec.kind === 'float') return writeFloat(value as number);
  if (spec.kind === 'floats') return (value as readonly number[]).map(writeFloat).join(', ');
  return Array.isArray(value) ? value.join(', ') : String(value);
}
const writeFloat = (x: number): string => (x === Number.POSITIVE_INFINITY ? 'inf' : x === Number.NEGATIVE_INFINITY ? '-inf' : String(x));

/** A layer's `data` by a schema; what the schema does not name is left out. */
export function readAttributes(schema: Schema, data: Readonly<Record<string, string>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(schema) as [string, AttributeSpec][]) {
    const text = data[spec.xml ?? key];
    if (text !== undefined) out[key] = readValue(spec, text);
  }
  return out;
}

/** `a,b\,c` → ['a', 'b,c']. */
export function readNames(text: string): string[] {
  if (text === '') return [];
  return (text.match(/(?:\\,|[^,])+/g) ?? []).map((name) => name.replace(/\\,/g, ','));
}
export const writeNames = (names: readonly string[]): string => names.map((n) => n.replace(/,/g, '\\,')).join(',');

/** The strings of a string constant: i32 count, count + 1 offsets, UTF-8. Throws MODEL_INVALID. */
export function readStrings(bytes: Uint8Array, node: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bad = (): never => {
    throw new CuveeError('MODEL_INVALID', `Constant "${node}": its string data is damaged`, { op: 'Constant', node });
  };
  const count = bytes.byteLength >= 4 ? view.getInt32(0, true) : bad();
  const start = 4 + 4 * (count + 1);
  if (count < 0 || start > bytes.byteLength) return bad();
  const offset = (i: number): number => start + view.getInt32(4 + 4 * i, true);
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [offset(i), offset(i + 1)];
    return from < start || to < from || to > bytes.byteLength ? bad() : new TextDecoder().decode(bytes.subarray(from, to));
  });
}
export function writeStrings(strings: readonly string[]): Uint8Array {
  const encoded = strings.map((s) => new TextEncoder().encode(s));
  const out = new Uint8Array(4 + 4 * (strings.length + 1) + encoded.reduce((n, e) => n + e.length, 0));
  const view = new DataView(out.buffer);
  view.setInt32(0, strings.length, true);
  let at = 0;
  encoded.forEach((e, i) => {
    view.setInt32(4 + 4 * i, at, true);
    out.set(e, 4 + 4 * (strings.length + 1) + at);
    at += e.length;
  });
  view.setInt32(4 + 4 * strings.length, at, true);
  return out;
}
