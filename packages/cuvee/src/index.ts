/** @file Cuvée: `import { Core, Tensor } from 'cuvee'`. Devices and formats of the packages installed beside it are discovered. */
import { discoverFrom } from '@cuvee/core';

discoverFrom(import.meta.url);

export * from '@cuvee/core';
export { readImage } from './read-image.js';
