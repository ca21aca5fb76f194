import { Core } from '../index.js';
import { applyShapes, parseConfig } from '../lib/inputs.js';
import { printJson, table } from '../lib/output.js';

interface Flags {
  readonly device: string;
  readonly shape?: readonly string[];
  readonly config: readonly string[];
  readonly json?: boolean;
}

/** `cuvee query` */
export async function query(path: string, flags: Flags): Promise<void> {
  const core = new Core();
  const model = await core.readModel(path);
  const support = await core.explainSupport(model, flags.device, parseConfig(flags.config));
  const rows = [...support].map(([node, answer]) => ({
    node: node.name,
    op: node.op.name,
    supported: answer === true,
    ...(answer !== true && { reason: answer }),
  }));
  if (flags.json) printJson({ device: flags.device, nodes: rows });
  else {
    const refused = rows.filter((r) => !r.supported);
    console.log(`${rows.length - refused.length} of ${rows.length} nodes run on ${flags.device}`);
    if (refused.length > 0)
      console.log(
        `\n${table(
          ['node', 'operation', 'why not'],
          refused.map((r) => [r.node, r.op, String(r.reason)]),
        )}`,
      );
  }
  if (rows.some((r) => !r.supported)) process.exitCode = 1;
}

/** `cuvee explain` */
export async function explain(path: string, flags: Flags): Promise<void> {
  const core = new Core();
  const model = await core.readModel(path);
  applyShapes(model, flags.shape ?? []);
  const compiled = await core.compileModel(model, flags.device, parseConfig(flags.config));
  const explanation = compiled.explain();
  if (flags.json) {
    printJson(explanation);
    return;
  }
  console.log(table(['', ''], Object.entries(explanation.summary)));
  const columns = [...new Set(explanation.rows.flatMap((r) => Object.keys(r)))];
  if (columns.length > 0)
    console.log(
      `\n${table(
        columns,
        explanation.rows.map((r) => columns.map((c) => String(r[c] ?? '').slice(0, 90))),
      )}`,
    );
}
