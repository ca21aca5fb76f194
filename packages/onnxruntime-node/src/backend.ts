/** @file The backend in Node: devices and formats of this package's dependencies and of the program's, discovered. */
import { Core, discoverFrom } from '@cuvee/core';
import { createBackend } from '@cuvee/onnxruntime-web/backend';

discoverFrom(import.meta.url);

/** One for all copies of onnxruntime-common. `CUVEE_ORT_DEVICE=AUTO:GPU,CPU` goes before the providers that programs name. */
export const backend = createBackend({
  core: () => new Core(),
  device: () => process.env.CUVEE_ORT_DEVICE || undefined,
  fallback: 'HETERO:CPU,REFERENCE',
});
