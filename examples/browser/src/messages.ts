/** @file What page and worker say to each other. */

/** From the page: a picture of `size` × `size` pixels, four bytes each (RGBA), rows from the top. */
export interface Question {
  readonly pixels: Uint8ClampedArray;
  readonly size: number;
}

/** From the worker: the five likeliest classes, and how long things took. */
export interface Answer {
  readonly classes: readonly { readonly label: string; readonly probability: number }[];
  readonly logits: Float32Array;
  readonly loadMs: number;
  readonly inferMs: number;
}

/** From the worker: something failed. */
export interface Failure {
  readonly error: string;
}
