/** Pictures from files: with sharp and without it alike, upright, and refused with a reason. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { readImage } from 'cuvee';
import { decodePicture, orientationOf } from '../src/read-image.js';

const pictures = (name: string): string => fileURLToPath(new URL(`../../../examples/ocr/test/data/images/${name}`, import.meta.url));
const meanDifference = (a: Uint8Array | Uint8ClampedArray, b: Uint8Array | Uint8ClampedArray): number => {
  expect(a.length).toBe(b.length);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
};

describe('readImage', () => {
  it('gives u8 [1, height, width, 3], or what is asked for', async () => {
    const photo = await readImage(pictures('coffee.png'));
    expect([photo.type, [...photo.shape]]).toEqual(['u8', [1, 400, 600, 3]]);
    const { data } = await sharp(pictures('coffee.png')).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect(Buffer.compare(Buffer.from(photo.data as Uint8Array), data)).toBe(0);
    const planes = await readImage(readFileSync(pictures('coffee.png')), { type: 'f32', layout: 'NCHW' });
    expect([planes.type, [...planes.shape]]).toEqual(['f32', [1, 3, 400, 600]]);
    expect((planes.data as Float32Array)[1]).toBe(data[3]);
    for (const type of ['f16', 'i64', 'i32'] as const)
      expect(Number((await readImage(pictures('coffee.png'), { type })).values()[4])).toBe(data[4]);
  });
  it.each(['coffee.png', 'page.png', 'table.png'])('%s: the same pixels without sharp', async (name) => {
    const bytes = readFileSync(pictures(name));
    const [own, theirs] = [await decodePicture(bytes, name, { sharp: false }), await decodePicture(bytes, name)];
    expect([own.width, own.height]).toEqual([theirs.width, theirs.height]);
    expect(meanDifference(own.data, theirs.data)).toBe(0);
  });
  it.each([
    ['low-contrast.jpg', 1.5],
    ['rocket.jpg', 5], // Adobe's colours: sharp turns them into sRGB
  ] as const)('%s: nearly the same pixels without sharp', async (name, most) => {
    const bytes = readFileSync(pictures(name));
    const [own, theirs] = [await decodePicture(bytes, name, { sharp: false }), await decodePicture(bytes, name)];
    expect(meanDifference(own.data, theirs.data)).toBeLessThan(most);
  });
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('stands upright from orientation %i', async (orientation) => {
    const bytes = await sharp(pictures('rocket.jpg'))
      .resize(48, 32, { fit: 'fill' })
      .withMetadata({ orientation })
      .jpeg({ quality: 100 })
      .toBuffer();
    expect(orientationOf(bytes)).toBe(orientation);
    const [own, theirs] = [await decodePicture(bytes, '', { sharp: false }), await decodePicture(bytes)];
    expect([own.width, own.height]).toEqual(orientation >= 5 ? [32, 48] : [48, 32]);
    expect([own.width, own.height]).toEqual([theirs.width, theirs.height]);
    expect(meanDifference(own.data, theirs.data)).toBeLessThan(2.5);
  });
  it('says what is wrong', async () => {
    await expect(readImage('nothing.png')).rejects.toThrow(/FILE_NOT_FOUND.*nothing\.png/);
    await expect(readImage(new Uint8Array([1, 2, 3, 4]))).rejects.toThrow(/ARGUMENT_INVALID/);
    await expect(decodePicture(new Uint8Array([1, 2, 3, 4]), 'a.gif', { sharp: false })).rejects.toThrow(
      /NOT_IMPLEMENTED.*"a\.gif".*npm install sharp/,
    );
    const cut = readFileSync(pictures('rocket.jpg')).subarray(0, 3000);
    await expect(decodePicture(cut, 'cut.jpg', { sharp: false })).rejects.toThrow(/ARGUMENT_INVALID.*cut\.jpg/);
    const bomb = readFileSync(pictures('coffee.png')).subarray(0, 200);
    new DataView(bomb.buffer, bomb.byteOffset).setUint32(16, 60_000);
    new DataView(bomb.buffer, bomb.byteOffset).setUint32(20, 60_000);
    await expect(decodePicture(bomb, 'bomb.png', { sharp: false })).rejects.toThrow(/pixels/);
  });
});
