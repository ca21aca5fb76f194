/** @file Reading text from pictures: the library behind the command. */
export { decodePicture, writeAnnotated } from './image.js';
export { openEngine } from './cuvee-engine.js';
export { readText } from './read.js';
export { annotate } from './draw.js';
export { detect } from './detect.js';
export { loadAlphabet, modelFile } from './models.js';
export type { CuveeEngine, EngineOptions } from './cuvee-engine.js';
export type { Engine, FloatTensor, Network } from './engine.js';
export type { Picture, Point, Quad } from './picture.js';
export type { ReadResult, StageTimes, TextLine } from './read.js';
