import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Core, print, type Value } from '../index.js';
import { dot, svg } from '../lib/draw.js';
import { figures } from '../lib/flops.js';
import { applyShapes } from '../lib/inputs.js';
import { bytes, printJson, quantity, strong, table } from '../lib/output.js';
import { withProgress } from '../lib/progress.js';

interface Flags {
  readonly text?: boolean;
  readonly svg?: string;
  readonly dot?: string;
  readonly shape: readonly string[];
  readonly json?: boolean;
}

/** `cuvee inspect` */
export async function inspect(path: string, flags: Flags): Promise<void> {
  const { model, f } = await withProgress(async (shown) => {
    shown.stage(`reading ${basename(path)}`);
    const read = await new Core().readModel(path);
    applyShapes(read, flags.shape);
    if (flags.svg || flags.dot) shown.stage('drawing');
    if (flags.svg) writeFileSync(flags.svg, svg(read, basename(path)));
    if (flags.dot) writeFileSync(flags.dot, dot(read));
    return { model: read, f: figures(read) };
  });
  const port = (v: Value) => ({ name: v.anyName, type: v.elementType, shape: v.partialShape.toString() });
  if (flags.json) {
    printJson({
      name: model.friendlyName,
      inputs: model.inputs.map(port),
      outputs: model.outputs.map(port),
      operations: Object.fromEntries(f.histogram),
      parameters: f.parameters,
      bytes: f.bytes,
      flops: f.flops ?? null,
      dynamic: f.dynamic,
    });
    return;
  }
  if (flags.text) {
    process.stdout.write(print(model));
    return;
  }
  console.log(`${strong(model.friendlyName)}\n`);
  console.log(
    table(
      ['', 'name', 'type', 'shape'],
      [
        ...model.inputs.map((v) => ['input', ...Object.values(port(v))]),
        ...model.outputs.map((v) => ['output', ...Object.values(port(v))]),
      ],
    ),
  );
  console.log(
    `\n${quantity(f.parameters)} parameters, ${bytes(f.bytes)}${f.flops === undefined ? '' : `, ${quantity(f.flops)}FLOP an inference`}`,
  );
  if (f.dynamic.length > 0) console.log(`dynamic: ${f.dynamic.join(', ')}`);
  console.log(
    `\n${table(
      ['operation', 'count'],
      f.histogram.map(([op, n]) => [op, n]),
    )}`,
  );
  for (const file of [flags.svg, flags.dot]) if (file) console.log(`\n${file} drawn`);
}
