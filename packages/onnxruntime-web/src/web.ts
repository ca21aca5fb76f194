/** @file The backend in a page: devices and formats that are bundled with it, no discovery. */
import { Core } from '@cuvee/core';
import { onnx } from '@cuvee/frontend-onnx';
import { reference } from '@cuvee/plugin-reference';
import { createBackend } from './backend.js';

/** REFERENCE interprets operation by operation: right and slow. A device for WebAssembly or WebGPU takes its place once it exists. */
export const backend = createBackend({
  core: () => new Core({ plugins: [reference()], frontends: [onnx()] }),
  usual: 'REFERENCE',
});
