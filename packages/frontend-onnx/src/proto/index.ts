export * from './types.js';
export { maxDepth, readModelProto, readOptionalProto, readSequenceProto, readTensorProto } from './read.js';
