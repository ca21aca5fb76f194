/** A decoded picture: interleaved 8-bit RGB, rows from the top, no padding between rows. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A point in pixels; x to the right, y down. */
export type Point = readonly [x: number, y: number];

/** Four corners clockwise, beginning at the top left corner of the text as it lies in the picture. */
export type Quad = readonly [Point, Point, Point, Point];

/** An empty (black) picture of `width` by `height` pixels. */
export function blank(width: number, height: number): Picture {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** Rounds a half to the even neighbour, as NumPy, Python and OpenCV do. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The picture turned by a quarter counter-clockwise: the right edge becomes the top. */
export function quarterTurn(picture: Picture): Picture {
  const { width, height, data } = picture;
  const turned = blank(height, width);
  const out = turned.data;
  let to = 0;
  for (let x = width - 1; x >= 0; x--) {
    for (let y = 0; y < height; y++) {
      const from = (y * width + x) * 3;
      out[to++] = data[from]!;
      out[to++] = data[from + 1]!;
      out[to++] = data[from + 2]!;
    }
  }
  return turned;
}

/** The picture turned by 180 degrees. */
export function halfTurn(picture: Picture): Picture {
  const { width, height, data } = picture;
  const turned = blank(width, height);
  const out = turned.data;
  for (let to = 0, from = data.length - 3; from >= 0; from -= 3) {
    out[to++] = data[from]!;
    out[to++] = data[from + 1]!;
    out[to++] = data[from + 2]!;
  }
  return turned;
}
