/**
 * @file Pictures from files: by `sharp` where it is installed (PNG, JPEG, WebP, AVIF, TIFF, colour profiles), else PNG and JPEG by
 * two decoders in JavaScript. Photographs stand upright, as their EXIF orientation says.
 */
import { CuveeError, Tensor, type Picture, type PictureOptions } from '@cuvee/core';

/** Pixels that a picture may have: what a careless or hostile file can make of 400 MB. */
const mostPixels = 100e6;

interface Sharp {
  rotate(): Sharp;
  toColourspace(name: string): Sharp;
  ensureAlpha(): Sharp;
  raw(): Sharp;
  toBuffer(options: object): Promise<{ data: Uint8Array; info: { width: number; height: number } }>;
}
type MakeSharp = (bytes: Uint8Array, options: object) => Sharp;

async function findSharp(): Promise<MakeSharp | undefined> {
  const name = 'sharp'; // a variable, so that bundlers do not ask for it
  try {
    return ((await import(name)) as { default: MakeSharp }).default;
  } catch {
    return undefined;
  }
}

const startsWith = (bytes: Uint8Array, ...start: number[]): boolean => start.every((byte, i) => bytes[i] === byte);

/** Orientation 1…8 in a JPEG's EXIF block, 1 without one. */
export function orientationOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    if (bytes[at + 1] === 0xda) break;
    const exif = at + 4;
    if (bytes[at + 1] !== 0xe1 || !startsWith(bytes.subarray(exif), 0x45, 0x78, 0x69, 0x66, 0, 0) || exif + 14 > bytes.length) continue;
    const tiff = exif + 6;
    const little = bytes[tiff] === 0x49;
    const directory = tiff + view.getUint32(tiff + 4, little);
    if (directory + 2 > bytes.length) return 1;
    const entries = view.getUint16(directory, little);
    for (let i = 0; i < entries; i++) {
      const entry = directory + 2 + 12 * i;
      if (entry + 12 > bytes.length) return 1;
      if (view.getUint16(entry, little) === 0x0112) {
        const value = view.getUint16(entry + 8, little);
        return value >= 1 && value <= 8 ? value : 1;
      }
    }
    return 1;
  }
  return 1;
}

/** The picture turned and mirrored so that its first row is the top. */
export function upright({ width, height, data }: Picture, orientation: number): Picture {
  if (orientation === 1) return { width, height, data };
  const sideways = orientation >= 5;
  const [w, h] = sideways ? [height, width] : [width, height];
  const from = new Uint32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  const to = new Uint32Array(w * h);
  const backwards = (sideways ? [7, 8] : [2, 3]).includes(orientation);
  const upwards = (sideways ? [6, 7] : [3, 4]).includes(orientation);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const [u, v] = sideways ? [y, x] : [x, y];
      to[y * w + x] = from[(upwards ? height - 1 - v : v) * width + (backwards ? width - 1 - u : u)] as number;
    }
  return { width: w, height: h, data: new Uint8Array(to.buffer) };
}

/** A module that bundlers are not to take in: these decoders need Node. */
const named = (module: string): string => module;

/** PNG and JPEG without native code; sizes are checked before anything is decoded. */
async function decodeInJavaScript(bytes: Uint8Array, name: string): Promise<Picture> {
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 24 || view.getUint32(16) * view.getUint32(20) > mostPixels) throw new Error(`more than ${mostPixels} pixels`);
    const { PNG } = (await import(named('pngjs'))) as typeof import('pngjs');
    return PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
  if (startsWith(bytes, 0xff, 0xd8)) {
    const { default: jpeg } = (await import(named('jpeg-js'))) as { default: typeof import('jpeg-js') };
    const limits = { useTArray: true, maxResolutionInMP: mostPixels / 1e6, maxMemoryUsageInMB: 2048, tolerantDecoding: false } as const;
    return upright(jpeg.decode(bytes, limits), orientationOf(bytes));
  }
  throw new CuveeError('NOT_IMPLEMENTED', `"${name}" is neither PNG nor JPEG; other pictures are read by sharp. Type: npm install sharp`);
}

/** RGBA pixels of a picture file's bytes. Throws ARGUMENT_INVALID for what cannot be decoded. `sharp: false` does without it. */
export async function decodePicture(bytes: Uint8Array, name = 'picture', { sharp = true } = {}): Promise<Picture> {
  const make = sharp ? await findSharp() : undefined;
  try {
    if (!make) return await decodeInJavaScript(bytes, name);
    const image = make(bytes, { failOn: 'error', limitInputPixels: mostPixels }).rotate().toColourspace('srgb').ensureAlpha();
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data };
  } catch (error) {
    if (error instanceof CuveeError) throw error;
    throw new CuveeError('ARGUMENT_INVALID', `reading the picture "${name}": ${(error as Error).message}`, { cause: error });
  }
}

/**
 * A picture file as a tensor: u8 [1, height, width, 3], RGB, unless `options` say otherwise. What a model wants beyond that,
 * sizes, scale, mean, is `PrePostProcessor`'s work. Throws FILE_NOT_FOUND or ARGUMENT_INVALID.
 *
 *     const photo = await readImage('photo.jpg');
 */
export async function readImage(source: string | URL | Uint8Array, options: PictureOptions = {}): Promise<Tensor> {
  let bytes: Uint8Array;
  const name = source instanceof Uint8Array ? 'picture' : String(source);
  try {
    // Taken, not imported: an import of `fs` loads all of Node's streams, and few processes read pictures.
    bytes = source instanceof Uint8Array ? source : process.getBuiltinModule('node:fs').readFileSync(source);
  } catch (error) {
    throw new CuveeError('FILE_NOT_FOUND', `reading the picture "${name}": ${(error as Error).message}`, { cause: error });
  }
  return Tensor.fromImageData(await decodePicture(bytes, name), options);
}
