/** @file Preprocessing and postprocessing as part of a model. */
export { PrePostProcessor } from './processor.js';
export { InputInfo } from './input.js';
export { OutputInfo } from './output.js';
export { InputModelInfo, InputTensorInfo, OutputModelInfo, OutputTensorInfo, type ShapeSetting } from './tensor-info.js';
export { PostProcessSteps, PreProcessSteps, type Indices, type Numbers } from './steps.js';
export { colorFormat, type ColorFormat } from './color.js';
export { paddingMode, resizeAlgorithm, type PaddingMode, type ResizeAlgorithm } from './geometry.js';
export { Layout } from './layout.js';
export { layoutOf } from './node-layout.js';
export type { CustomStep } from './values.js';
