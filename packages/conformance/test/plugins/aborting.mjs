/** A device that takes its process along: at the third inference of every process. */
import { plugin } from './plugin.mjs';

let runs = 0;
export default plugin('ABORTING', () => {
  if (++runs % 3 === 0) process.abort();
});
