import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePicture } from '../src/image.js';

const colours = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 40, 50, 60, 70, 80, 90);
const raw = { raw: { width: 3, height: 2, channels: 3 } } as const;

describe('decoding', () => {
  let folder = '';
  const file = (name: string): string => join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cuvee-ocr-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('keeps RGB as it is', async () => {
    await sharp(colours, raw).png().toFile(file('rgb.png'));
    expect(await decodePicture(file('rgb.png'))).toEqual({ width: 3, height: 2, data: Buffer.from(colours) });
  });

  it('drops transparency without blending', async () => {
    const pixels = Uint8Array.of(200, 100, 50, 0, 1, 2, 3, 128);
    await sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toFile(file('rgba.png'));
    expect([...(await decodePicture(file('rgba.png'))).data]).toEqual([200, 100, 50, 1, 2, 3]);
  });

  it('repeats grey levels', async () => {
    await sharp(Uint8Array.of(7, 250), { raw: { width: 2, height: 1, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(file('grey.png'));
    expect([...(await decodePicture(file('grey.png'))).data]).toEqual([7, 7, 7, 250, 250, 250]);
  });

  it('turns a picture as its EXIF orientation says', async () => {
    await sharp(colours, raw).withMetadata({ orientation: 6 }).png().toFile(file('turned.png'));
    const { width, height, data } = await decodePicture(file('turned.png'));
    expect([width, height]).toEqual([2, 3]);
    expect([...data.subarray(0, 6)]).toEqual([10, 20, 30, 255, 0, 0]);
  });

  it('names the file that it cannot read', async () => {
    writeFileSync(file('empty.png'), '');
    await sharp(colours, raw).png().toFile(file('whole.png'));
    writeFileSync(file('cut.png'), (await sharp(colours, raw).png().toBuffer()).subarray(0, 60));
    await expect(decodePicture(file('absent.png'))).rejects.toThrow('absent.png');
    await expect(decodePicture(file('empty.png'))).rejects.toThrow('empty.png');
    await expect(decodePicture(file('cut.png'))).rejects.toThrow('cut.png');
    await expect(decodePicture(folder)).rejects.toThrow(folder);
  });
});
