/** A device that never comes back from models of Relu, and throws what is no CuveeError for others. */
import { plugin } from './plugin.mjs';

export default plugin('HANGING', ({ name }) => {
  if (name.startsWith('Relu')) for (;;);
  throw new TypeError('not one of ours');
});
