import { f32 } from './cases.js';
import { transposedCases } from './transposed-cases.js';

export default transposedCases('GroupConvolutionBackpropData', true, {
  name: 'two groups',
  inputs: [f32([1, 2, 1], [2, 3]), f32([2, 1, 2, 1], [1, 10, 100, 1000])],
  outputs: [f32([1, 4, 1], [2, 20, 300, 3000])],
});
