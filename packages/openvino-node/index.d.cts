// The ES module's exports as `require` gives them, in words that every resolution of TypeScript since node16 reads.
type Module = typeof import('./dist/types/index.js', { with: { 'resolution-mode': 'import' }});
export type {
  elementTypeString,
  InputData,
  Inputs,
  Node,
  NodeAddon,
  Outputs,
  PluginVersion,
  SupportedTypedArray,
  TensorData,
} from './dist/types/index.js' with { 'resolution-mode': 'import' };
export declare const addon: Module['addon'];
export declare const AsyncInferQueue: Module['AsyncInferQueue'];
export type AsyncInferQueue = InstanceType<Module['AsyncInferQueue']>;
export declare const CompiledModel: Module['CompiledModel'];
export type CompiledModel = InstanceType<Module['CompiledModel']>;
export declare const ConstOutput: Module['ConstOutput'];
export type ConstOutput = InstanceType<Module['ConstOutput']>;
export declare const Core: Module['Core'];
export type Core = InstanceType<Module['Core']>;
export declare const element: Module['element'];
export declare const getOpenvinoVersion: Module['getOpenvinoVersion'];
export declare const InferRequest: Module['InferRequest'];
export type InferRequest = InstanceType<Module['InferRequest']>;
export declare const Model: Module['Model'];
export type Model = InstanceType<Module['Model']>;
export declare const Output: Module['Output'];
export type Output = InstanceType<Module['Output']>;
export declare const PartialShape: Module['PartialShape'];
export type PartialShape = InstanceType<Module['PartialShape']>;
export declare const preprocess: Module['preprocess'];
export declare const resizeAlgorithm: Module['resizeAlgorithm'];
export declare const saveModelSync: Module['saveModelSync'];
export declare const Tensor: Module['Tensor'];
export type Tensor = InstanceType<Module['Tensor']>;
