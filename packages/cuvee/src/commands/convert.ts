import { basename } from 'node:path';
import { Core, saveModelSync } from '../index.js';
import { applyShapes } from '../lib/inputs.js';
import { printJson } from '../lib/output.js';
import { withProgress } from '../lib/progress.js';

interface Flags {
  readonly output?: string;
  readonly output_model?: string;
  readonly input: readonly string[];
  readonly compress_to_fp16?: boolean | string;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** ovc compresses unless told not to; a bare flag means yes. */
const compress = (flag: boolean | string | undefined): boolean =>
  flag === undefined || flag === true || /^(true|1|yes)$/i.test(String(flag));

/** `cuvee convert` */
export async function convert(path: string, flags: Flags): Promise<void> {
  const output = flags.output ?? flags.output_model ?? `${basename(path).replace(/\.\w+$/, '')}.xml`;
  const file = /\.xml$/i.test(output) ? output : `${output}.xml`;
  // A bare `--output` in our own spelling keeps the weights as they are; ovc's flag decides when it is given.
  const half = flags.compress_to_fp16 === undefined && flags.output !== undefined ? false : compress(flags.compress_to_fp16);
  const model = await withProgress(async (shown) => {
    shown.stage(`reading ${basename(path)}`);
    const read = await new Core().readModel(path);
    applyShapes(read, flags.input);
    shown.stage(`writing ${basename(file)}`);
    saveModelSync(read, file, half);
    return read;
  });
  if (flags.verbose) console.error(`${model.nodes().length} nodes read from ${path}`);
  if (flags.json)
    printJson({ model: path, output: file, weights: file.replace(/\.xml$/i, '.bin'), compressedToFp16: half, nodes: model.nodes().length });
  else console.log(`${file} and ${basename(file).replace(/\.xml$/i, '.bin')} written${half ? ', weights as f16' : ''}`);
}
