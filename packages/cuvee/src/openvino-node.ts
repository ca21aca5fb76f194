/**
 * @file Cuvée under the names of openvino-node: `const { addon: ov } = require('cuvee/openvino-node')`. The classes are those of
 * `@cuvee/core`. Devices and formats of the installed packages are discovered.
 */
import {
  AsyncInferQueue,
  CompiledModel,
  ConstOutput,
  Core,
  discoverFrom,
  element as elements,
  type ElementType,
  InferRequest,
  Model,
  Output,
  PartialShape,
  PrePostProcessor,
  resizeAlgorithm,
  saveModelSync,
  type Storage,
  Tensor,
} from '@cuvee/core';
import { version } from './version.js';

discoverFrom(import.meta.url);

export {
  AsyncInferQueue,
  CompiledModel,
  ConstOutput,
  Core,
  InferRequest,
  Model,
  Output,
  PartialShape,
  resizeAlgorithm,
  saveModelSync,
  Tensor,
};
export type { Node, Inputs, InputData, Outputs, PluginVersion } from '@cuvee/core';

/** Element types by name; the values are the lower-case names themselves. */
export const element = Object.freeze({ ...elements });
/** Steps in front of and behind a model. */
export const preprocess = Object.freeze({ PrePostProcessor, resizeAlgorithm });

/** Version of Cuvée and, in parentheses, of the API that it follows. */
export const getOpenvinoVersion = (): { buildNumber: string; description: string } =>
  Object.defineProperty({ buildNumber: version, description: 'Cuvée' }, 'toString', { value: () => `Cuvée ${version}` });

/** Everything of openvino-node, by its names there. */
export const addon = Object.freeze({
  Core,
  Model,
  CompiledModel,
  Tensor,
  InferRequest,
  Output,
  ConstOutput,
  PartialShape,
  AsyncInferQueue,
  element,
  resizeAlgorithm,
  preprocess,
  saveModelSync,
  getOpenvinoVersion,
});
/** openvino-node is CommonJS, so ES modules import it whole: `import openvino from 'openvino-node'; const { addon: ov } = openvino;`. */
const openvino = Object.freeze({ addon });
export default openvino;
/** Type of `addon`. */
export type NodeAddon = typeof addon;
/** Name of an element type. */
export type elementTypeString = ElementType;
/** Typed arrays that tensors are made over. */
export type SupportedTypedArray = Exclude<Storage, string[]>;
/** What a tensor's `data` gives. */
export type TensorData = Storage;
