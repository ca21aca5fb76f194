import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import sharp from 'sharp';
import type { Annotation } from './draw.js';
import type { Picture } from './picture.js';

/** Pictures of more pixels are refused: 300 million, three quarters of a gigabyte when decoded. */
const MOST_PIXELS = 300_000_000;

/**
 * Decodes a picture file (JPEG, PNG, WebP, …) as 8-bit RGB: turned as its EXIF orientation says, transparency
 * dropped, colour profile ignored.
 * @throws Error that names the file when it is missing, damaged or too large
 */
export async function decodePicture(file: string): Promise<Picture> {
  try {
    const { data, info } = await sharp(file, { failOn: 'error', limitInputPixels: MOST_PIXELS, ignoreIcc: true })
      .autoOrient()
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: threeChannels(data, info.channels) };
  } catch (cause) {
    throw new Error(`Cannot read the picture ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Grey levels repeated to three channels; three channels as they are. */
function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++) rgb.fill(data[i * channels]!, i * 3, i * 3 + 3);
  return rgb;
}

/** Writes the picture with its boxes and list as PNG. */
export async function writeAnnotated(file: string, picture: Picture, { frame, svg }: Annotation): Promise<void> {
  const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
  const enlarged = await sharp(picture.data, { raw, limitInputPixels: MOST_PIXELS })
    .resize(frame.picture.width, frame.picture.height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  const drawn = { width: frame.picture.width, height: frame.picture.height, channels: 3 } as const;
  await mkdir(dirname(file), { recursive: true });
  await sharp({ create: { width: frame.width, height: frame.height, channels: 3, background: '#f1f1ee' } })
    .composite([
      { input: enlarged, raw: drawn, left: 0, top: 0, limitInputPixels: MOST_PIXELS },
      { input: Buffer.from(svg), left: 0, top: 0, unlimited: true, limitInputPixels: MOST_PIXELS },
    ])
    .png()
    .toFile(file);
}
