/** @file OpenVINO IR as a model format. */
import type { Frontend } from '../runtime/frontend.js';
import { readingIr, readIr } from './read.js';

export { readIr } from './read.js';
export { saveModel, saveModelSync, writeIr, type SaveOptions } from './write.js';

/** Reads IR v10 and v11 (`.xml` with `.bin`). */
export const ir = (): Frontend => ({
  name: 'ir',
  formats: ['xml'],
  accepts: (head) => /^\uFEFF?\s*(<\?xml[^>]*\?>\s*)?(<!--[\s\S]*?-->\s*)*<(net[\s>]|!DOCTYPE)/.test(new TextDecoder().decode(head)),
  read: readIr,
  reading: readingIr,
});
