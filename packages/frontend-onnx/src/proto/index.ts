export * from './types.js';
export { maxDepth, readingModelProto, readModelProto, readOptionalProto, readSequenceProto, readTensorProto } from './read.js';
