import { writeFileSync } from 'node:fs';
import { Core, print, type Value } from '../index.js';
import { dot, svg } from '../lib/draw.js';
import { figures } from '../lib/flops.js';
import { applyShapes } from '../lib/inputs.js';
import { bytes, printJson, quantity, table } from '../lib/output.js';

interface Flags {
  readonly text?: boolean;
  readonly svg?: string;
  readonly dot?: string;
  readonly shape: readonly string[];
  readonly json?: boolean;
}

/** `cuvee inspect` */
export async function inspect(path: string, flags: Flags): Promise<void> {
  const model = await new Core().readModel(path);
  applyShapes(model, flags.shape);
  if (flags.svg) writeFileSync(flags.svg, svg(model));
  if (flags.dot) writeFileSync(flags.dot, dot(model));
  const f = figures(model);
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
  console.log(`${model.friendlyName}\n`);
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
}
