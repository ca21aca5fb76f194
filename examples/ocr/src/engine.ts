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
   * Runs a network. The input is read until the promise settles; the output may be overwritten by the next
   * run of the same network.
   */
  run(network: Network, input: FloatTensor): Promise<FloatTensor>;
}
