import { basename } from 'node:path';
import { Core } from '../index.js';
import { parseConfig } from '../lib/inputs.js';
import { columns, cut, printJson, strong, table } from '../lib/output.js';
import { withProgress } from '../lib/progress.js';

interface Flags {
  readonly device: string;
  readonly config: readonly string[];
  readonly json?: boolean;
}

/** `cuvee query` */
export async function query(path: string, flags: Flags): Promise<void> {
  const support = await withProgress(async (shown) => {
    const core = new Core();
    shown.stage(`reading ${basename(path)}`);
    const model = await core.readModel(path);
    shown.stage(`asking ${flags.device}`);
    return core.explainSupport(model, flags.device, parseConfig(flags.config));
  });
  const rows = [...support].map(([node, answer]) => ({
    node: node.name,
    op: node.op.name,
    supported: answer === true,
    ...(answer !== true && { reason: answer }),
  }));
  if (flags.json) printJson({ device: flags.device, nodes: rows });
  else {
    const refused = rows.filter((r) => !r.supported);
    console.log(strong(`${rows.length - refused.length} of ${rows.length} nodes run on ${flags.device}`));
    if (refused.length > 0)
      console.log(
        `\n${table(
          ['node', 'operation', 'why not'],
          refused.map((r) => [cut(r.node, 60), r.op, cut(String(r.reason), Math.max(40, columns() - 90))]),
        )}`,
      );
  }
  if (rows.some((r) => !r.supported)) process.exitCode = 1;
}
