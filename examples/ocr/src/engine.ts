/** A dense float32 tensor, row-major. */
export interface FloatTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The three networks of the pipeline. */
export type Network = 'detection' | 'classification' | 'recognition';

/** What the pipeline asks of an inference engine. Each network has one input and one output. */
export interface Engine {
  /**
   * Runs a network and hands its output to `use`, whose result is the promise's. The input is read in place; the
   * output is valid only until `use` returns.
   */
  run<T>(network: Network, input: FloatTensor, use: (output: FloatTensor) => T): Promise<T>;
}
