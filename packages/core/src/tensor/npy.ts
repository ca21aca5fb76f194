/** @file NumPy's .npy files (formats 1 to 3), little-endian, C order. Spec: numpy.lib.format. */
import { CuveeError } from '../errors.js';
import { byteSize, storageOver, type ElementType, type Storage } from './element.js';
import { sizeOf } from './nd.js';

const codes: Readonly<Record<string, ElementType>> = {
  '<f4': 'f32',
  '<f8': 'f64',
  '<f2': 'f16',
  '<i8': 'i64',
  '<i4': 'i32',
  '<i2': 'i16',
  '|i1': 'i8',
  '<u8': 'u64',
  '<u4': 'u32',
  '<u2': 'u16',
  '|u1': 'u8',
  '|b1': 'boolean',
};
const magic = '\x93NUMPY';

/** An array's parts. Throws MODEL_INVALID for anything but a supported array whose data is all there. */
export function readNpy(bytes: Uint8Array, name = 'the .npy bytes'): { type: ElementType; shape: readonly number[]; data: Storage } {
  const bad = (why: string): never => {
    throw new CuveeError('MODEL_INVALID', `reading "${name}": ${why}`);
  };
  const text = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 12 || text(0, 6) !== magic) bad('it is no .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] as number) >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) bad('its header is cut off');
  if (end - start > 1 << 16) bad('its header is longer than any array needs');
  const header = text(start, end);
  const type = codes[/'descr':\s*'([^']+)'/.exec(header)?.[1] ?? ''] ?? bad(`its element type is not supported: ${header.trim()}`);
  if (/'fortran_order':\s*True/.test(header)) bad('it is in Fortran order; save it with order="C"');
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? bad('it has no shape'))
    .split(',')
    .filter((s) => s.trim() !== '')
    .map(Number);
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0)) bad('its shape is not made of whole numbers');
  const length = byteSize(type, sizeOf(shape));
  if (length !== bytes.length - end) bad(`its shape [${shape.join(',')}] takes ${length} bytes, it has ${bytes.length - end}`);
  return { type, shape, data: storageOver(type, new Uint8Array(bytes.subarray(end))) };
}

/** A whole .npy file. Types that NumPy has no name for are written as their bits. Throws NOT_IMPLEMENTED for strings. */
export function writeNpy(type: ElementType, shape: readonly number[], stored: Storage): Uint8Array {
  const code = Object.entries(codes).find(([, t]) => t === type)?.[0];
  const bits = code ?? (type === 'bf16' ? '<u2' : '|u1');
  if (Array.isArray(stored)) throw new CuveeError('NOT_IMPLEMENTED', 'string tensors have no .npy form');
  const whole = code !== undefined || type === 'bf16' || type.startsWith('f8');
  const dims = whole ? shape : [stored.byteLength];
  const dict = `{'descr': '${bits}', 'fortran_order': False, 'shape': (${dims.join(', ')}${dims.length === 1 ? ',' : ''}), }`;
  const header = dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11, ' ');
  const out = new Uint8Array(10 + header.length + 1 + stored.byteLength);
  out.set([...magic].map((c) => c.charCodeAt(0)));
  out.set([1, 0], 6);
  new DataView(out.buffer).setUint16(8, header.length + 1, true);
  out.set(new TextEncoder().encode(`${header}\n`), 10);
  out.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), 10 + header.length + 1);
  return out;
}
