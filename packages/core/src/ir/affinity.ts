/** @file Nodes placed by hand: the device that each is for, kept as `rt_info` in models and IR files. HETERO goes by it. */
import { CuveeError } from '../errors.js';
import { nearest } from '../device/properties.js';
import type { Model } from './model.js';
import type { Node } from './node.js';

/** The device that a node was placed on by hand. */
export const affinityOf = (node: Node): string | undefined => node.rtInfo?.affinity?.value;

/**
 * Places nodes by hand, all or some: devices by the nodes' friendly names, or a function of the node. `undefined` takes a node's place
 * away. Nodes that nothing is said of stay as they are. Throws ARGUMENT_INVALID for a name that the model has not.
 */
export function setAffinity(
  model: Model,
  devices: Readonly<Record<string, string | undefined>> | ((node: Node) => string | undefined),
): void {
  const set = (node: Node, device: string | undefined): void => {
    const { affinity: _before, ...others } = node.rtInfo ?? {};
    const info = device === undefined ? others : { ...others, affinity: { version: '0', value: device } };
    node.rtInfo = Object.keys(info).length > 0 ? info : undefined;
  };
  if (typeof devices === 'function') {
    for (const node of model.nodes()) set(node, devices(node) ?? affinityOf(node));
    return;
  }
  const names = new Map(model.nodes().map((node) => [node.name, node]));
  const given = Object.entries(devices).map(([name, device]) => [names.get(name), name, device] as const);
  const unknown = given.find(([node]) => node === undefined);
  if (unknown)
    throw new CuveeError(
      'ARGUMENT_INVALID',
      `setAffinity: "${model.friendlyName}" has no node "${unknown[1]}"${nearest(unknown[1], [...names.keys()])}`,
    );
  for (const [node, , device] of given) set(node as Node, device);
}
