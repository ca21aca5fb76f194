/**
 * @file The figures by which the compiler chooses between two right ways, in one table; `native/kernels/costs.h` is the table of what is chosen when sizes
 * are known. What a format or a kernel can hold at most is no choice, and stands where that is. A change is judged by whole networks:
 * `npm run bench`, and for `folding` a cold start (`node bench/bench.mjs --only cold`).
 */

/** Means over a picture go through a pointwise convolution that has at least so many times as many outputs as inputs: squeeze-and-excitation then waits for the narrow picture alone. */
const leastWidening = 2;

export const costs = {
  /** What JavaScript computes of constants while it compiles. Bytes and elements; more is left for the prologue, which is native. */
  folding: {
    /** Results that rules may want to look at: scales, biases, axes. */
    bytes: 1 << 14,
    /** Of a constant c in x − c, which becomes x + (−c), so that one rule for biases serves both. */
    negated: 1 << 16,
  },

  /** Whether outputs are so many more than inputs that a mean is better taken of the inputs. */
  widens: (outputs: number, inputs: number): boolean => leastWidening * inputs <= outputs,

  /** Convolutions of a pyramid's levels (fuse/pyramid.ts). */
  pyramid: {
    /** Doublings from which on a tile of Winograd's method reads one pixel of a level, so that its inner products are one ... */
    coarse: 2,
    /** ... and a channel costs this share of what one at full size does (native/kernels/winograd/winograd.h). */
    coarseShare: 1 / 4,
    /** Filters from which on Winograd's method pays: `winograd::least_channels` there. */
    leastFilters: 16,
  },

  convolution: {
    /** Pictures of at most so many channels are read where they lie, not in blocks that would be mostly zeros. */
    planarChannels: 4,
    /** Upsampling heads of at most so many results a pixel write planes at once: in blocks their lanes would be mostly zeros. */
    headResults: 8,
  },

  /** What AUTO, HETERO and BATCH are told of this device: an inference's start, and a core's arithmetic in f32 where not all is products. */
  device: { transferBytesPerSecond: Number.POSITIVE_INFINITY, launchSeconds: 1e-5, flopsPerSecond: 1e11 },

  /** Batches of rows that wait for each other (batch.ts). */
  batch: {
    /** Rows, where batches pay. */
    rows: 16,
    /** Times faster that an estimate has to be: batches gather and copy, and what is estimated is not measured. */
    worth: 2,
    /** Bytes of weights a second that one inference has from caches and memory. */
    weightsPerSecond: 5e10,
  },
} as const;
