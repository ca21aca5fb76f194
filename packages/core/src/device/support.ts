/** @file What a device answers of the nodes of a model, from one predicate: `query` and `compile` cannot differ. */
import { CuveeError } from '../errors.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import type { Support } from './contract.js';

/** Why a device cannot run a node; `true` or undefined when it can. */
export type Refusal = (node: Node) => string | true | undefined;

/** The answer of `query`. */
export const supportBy = (model: Model, refusal: Refusal): Support => new Map(model.nodes().map((node) => [node, refusal(node) ?? true]));

/** What `compile` begins with. Throws MODEL_UNSUPPORTED naming the first node that is refused, and how many others are. */
export function requireSupport(device: string, model: Model, refusal: Refusal): void {
  const refused = model.nodes().filter((node) => (refusal(node) ?? true) !== true);
  const [first] = refused;
  if (!first) return;
  const others = refused.length > 1 ? `; and ${refused.length - 1} other nodes` : '';
  throw new CuveeError('MODEL_UNSUPPORTED', `device ${device} cannot run ${first.op.name} "${first.name}": ${refusal(first)}${others}`, {
    op: first.op.name,
    node: first.name,
  });
}
