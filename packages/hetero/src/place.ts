/** @file Who may run what: what devices answer, what was said by hand, and what a node was given for which reason. */
import {
  affinityOf,
  after,
  all,
  CuveeError,
  innerConfig,
  nearest,
  type Awaitable,
  type CompileOptions,
  type Config,
  type Model,
  type Node,
  type Support,
} from '@cuvee/core';
import { isPort } from './units.js';

/** What the listed devices answer for the nodes of a model. */
export interface Answers {
  /** Device texts, the most wanted first. */
  readonly devices: readonly string[];
  /** Numbers of the devices that may run a node, the most wanted first: those that can, or of these the one that was said by hand. */
  allowed(node: Node): readonly number[];
  /** Why none may. */
  reason(node: Node): string;
  /** Why one device may not; undefined when it may. */
  refusal(node: Node, device: number): string | undefined;
}

/** Asks every device. */
export function ask(model: Model, devices: readonly string[], config: Config, { host }: CompileOptions): Awaitable<Answers> {
  const asked = all(devices.map((device) => host.query(model, device, innerConfig(config, device, host))));
  return after(asked, (supports) => answers(devices, supports));
}

function answers(devices: readonly string[], supports: readonly Support[]): Answers {
  const refusal = (node: Node, device: number): string | undefined => {
    const wanted = affinityOf(node);
    if (wanted !== undefined && wanted !== devices[device]) return `its affinity is ${wanted}`;
    const answer = supports[device]?.get(node) ?? true;
    return answer === true ? undefined : answer;
  };
  return {
    devices,
    refusal,
    allowed: (node) => devices.flatMap((_, i) => (refusal(node, i) === undefined ? [i] : [])),
    reason(node) {
      const wanted = affinityOf(node);
      const list = devices.join(', ');
      if (wanted !== undefined && !devices.includes(wanted))
        return `its affinity is ${wanted}, which is not among ${list}${nearest(wanted, devices)}`;
      return devices.map((device, i) => `${device}: ${refusal(node, i)}`).join('; ');
    },
  };
}

/** Support of HETERO itself: a node is supported where any of the devices may run it. */
export const supportOf = (model: Model, answered: Answers): Support =>
  new Map(model.nodes().map((node) => [node, isPort(node) || answered.allowed(node).length > 0 ? true : answered.reason(node)]));

/**
 * For each unit the devices that may run all of its nodes.
 * Throws MODEL_UNSUPPORTED naming the first node that none may run, and how many others there are.
 */
export function allowedFor(units: readonly (readonly Node[])[], answered: Answers): readonly (readonly number[])[] {
  const allowed = units.map((nodes) =>
    answered.devices.flatMap((_, i) => (nodes.every((n) => answered.allowed(n).includes(i)) ? [i] : [])),
  );
  const [first, ...others] = units.filter((_, i) => allowed[i]?.length === 0);
  if (first) {
    const node = first.find((n) => answered.allowed(n).length === 0) ?? (first[0] as Node);
    const why =
      answered.allowed(node).length === 0
        ? `(${answered.reason(node)})`
        : `together with all between a state's reading and its assignment (${first.map((n) => `${n.op.name} "${n.name}"`).join(', ')})`;
    const more = others.length > 0 ? ` and ${others.length} other nodes` : '';
    throw new CuveeError('MODEL_UNSUPPORTED', `no device of HETERO runs ${node.op.name} "${node.name}" ${why}${more}`, {
      op: node.op.name,
      node: node.name,
    });
  }
  return allowed;
}

/** Why nodes are on a device, most frequent reason first: `first of the list (12), MINE: no MatMul (3)`. */
export function reasonsOf(nodes: readonly Node[], device: number, answered: Answers): string {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const before = answered.devices.flatMap((name, i) => (i < device ? [`${name}: ${answered.refusal(node, i) ?? ''}`] : []));
    const refused = before.filter((text) => !text.endsWith(': '));
    const reason =
      affinityOf(node) !== undefined
        ? 'placed by hand'
        : device === 0
          ? 'first of the list'
          : refused.length === device
            ? refused.join('; ')
            : 'cheaper than handing over';
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, 3).map(([reason, count]) => `${reason} (${count})`);
  return [...shown, ...(sorted.length > 3 ? [`${sorted.length - 3} other reasons`] : [])].join(', ');
}
