/** @file Conformance of devices, as a library: cases, their data, and running one of them. */
export * from './case.js';
export { difference, differences } from './compare.js';
export { corpusCases, load, modelCases, onnxNodeCases } from './corpora.js';
export { execute } from './execute.js';
export { html, kindOf, summarise, text, type Report } from './report.js';
