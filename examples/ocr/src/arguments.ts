import { parseArgs } from 'node:util';

/** What the user asked for. */
export interface Request {
  readonly images: readonly string[];
  readonly device: string;
  readonly json: boolean;
  readonly out: string;
  readonly config: Readonly<Record<string, string>>;
  /** Kinds of operations that HETERO is to run on REFERENCE; undefined: HETERO decides. */
  readonly onReference?: readonly string[];
  readonly help: boolean;
}

/** A command line that cannot be understood; the exit code is 2. */
export class UsageError extends Error {}

/** What `--help` prints. */
export const HELP = `Reads the text of pictures with PP-OCRv4 on a Cuvée device.

  npm start -- [IMAGE…] [options]

  IMAGE…               JPEG, PNG or WebP; without one, a poster in Chinese and English
  --device D           CPU, AUTO (default), MULTI:CPU, HETERO:CPU,REFERENCE, …
  --config KEY=VALUE   a property for the device; may be repeated
  --affinity-reference TYPES
                       with --device HETERO:CPU,REFERENCE: these kinds of operations, parted
                       by commas (HardSigmoid,Sigmoid), run on REFERENCE, others on CPU
  --json               one JSON document on stdout, nothing else
  --out FILE.png       the annotated picture (default out/ocr.png; with several
                       images the name of each is added)
  --help               this page

Example:  npm start -- receipt.jpg --device CPU --out out/receipt.png
`;

/** The words after the program's name. @throws UsageError */
export function parseRequest(words: readonly string[]): Request {
  const { values, positionals } = tryParse(words);
  const config: Record<string, string> = {};
  for (const pair of values.config ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--config expects KEY=VALUE, not "${pair}"`);
    config[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const { device = 'AUTO', out = 'out/ocr.png', json = false, help = false } = values;
  if (!/\.png$/i.test(out)) throw new UsageError(`--out writes PNG: "${out}" does not end in .png`);
  const onReference = values['affinity-reference']?.split(',');
  return { images: positionals, device, json, out, config, help, ...(onReference && { onReference }) };
}

function tryParse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        device: { type: 'string', short: 'd' },
        config: { type: 'string', multiple: true },
        'affinity-reference': { type: 'string' },
        json: { type: 'boolean' },
        out: { type: 'string', short: 'o' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
