/** @file NumPy's .npy files (format 1 and 2), little-endian, C order. */
import { CuveeError, storageOver, Tensor, type ElementType } from '@cuvee/core';

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

/** Throws MODEL_INVALID for anything but a supported array. */
export function readNpy(bytes: Uint8Array, name: string): Tensor {
  const bad = (why: string): never => {
    throw new CuveeError('ARGUMENT_INVALID', `reading "${name}": ${why}`);
  };
  const text = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 12 || text(0, 6) !== magic) bad('it is no .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = (bytes[6] as number) >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) bad('its header is cut off');
  const header = text(start, end);
  const type = codes[/'descr':\s*'([^']+)'/.exec(header)?.[1] ?? ''] ?? bad(`its element type is not supported: ${header.trim()}`);
  if (/'fortran_order':\s*True/.test(header)) bad('it is in Fortran order; save it with order="C"');
  const shape = (/'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? bad('it has no shape'))
    .split(',')
    .filter((s) => s.trim() !== '')
    .map(Number);
  return new Tensor(type, shape, storageOver(type, bytes.slice(end)));
}

export function writeNpy(tensor: Tensor): Uint8Array {
  const code = Object.entries(codes).find(([, type]) => type === tensor.type)?.[0];
  // Types that NumPy has no name for are written as their bits.
  const bits = code ?? { bf16: '<u2' }[tensor.type as 'bf16'] ?? '|u1';
  if (Array.isArray(tensor.data)) throw new CuveeError('NOT_IMPLEMENTED', 'string tensors have no .npy form');
  const data = tensor.data as Uint8Array;
  const shape = code || tensor.type === 'bf16' ? tensor.shape : [data.byteLength];
  const dict = `{'descr': '${bits}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const header = dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11, ' ');
  const out = new Uint8Array(10 + header.length + 1 + data.byteLength);
  out.set([...magic].map((c) => c.charCodeAt(0)));
  out.set([1, 0], 6);
  new DataView(out.buffer).setUint16(8, header.length + 1, true);
  out.set(new TextEncoder().encode(`${header}\n`), 10);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + header.length + 1);
  return out;
}
