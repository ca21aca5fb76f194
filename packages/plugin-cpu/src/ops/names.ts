/**
 * @file Names of the operations that patterns, fusions and the compiler know by their form, besides the elementwise ones, which
 * `elementwise.ts` lists by opcode. Each name stands here once: lowering tables and rules take it from here.
 */
export const names = {
  convolution: 'Convolution',
  groupConvolution: 'GroupConvolution',
  transposedConvolution: 'ConvolutionBackpropData',
  transposedGroupConvolution: 'GroupConvolutionBackpropData',
  product: 'MatMul',
  mean: 'ReduceMean',
  normalization: 'MVN',
  concatenation: 'Concat',
  gather: 'Gather',
  slice: 'Slice',
  transpose: 'Transpose',
  reshape: 'Reshape',
  squeeze: 'Squeeze',
  unsqueeze: 'Unsqueeze',
  shuffle: 'ShuffleChannels',
  interpolation: 'Interpolate',
  choice: 'If',
  conversion: 'Convert',
  sizes: 'ShapeOf',
} as const;
