/** The part of opentype.js 2 that the example calls; the package brings no types. */
declare module 'opentype.js/dist/opentype.mjs' {
  /** Design coordinates by axis tag, such as `{ wght: 500 }`. */
  interface RenderOptions {
    variation?: Record<string, number>;
  }
  interface Command {
    type: 'M' | 'L' | 'Q' | 'C' | 'Z';
    x?: number;
    y?: number;
    x1?: number;
    y1?: number;
    x2?: number;
    y2?: number;
  }
  interface Path {
    commands: Command[];
  }
  interface Glyph {
    index: number;
    advanceWidth: number;
    getPath(x: number, y: number, size: number, options: RenderOptions, font: Font): Path;
  }
  interface Font {
    unitsPerEm: number;
    charToGlyph(character: string): Glyph;
  }
  export function parse(bytes: ArrayBuffer): Font;
}

/** WOFF2 to TrueType; the package brings no types. */
declare module 'wawoff2/decompress.js' {
  export default function decompress(bytes: Uint8Array): Promise<Uint8Array>;
}
