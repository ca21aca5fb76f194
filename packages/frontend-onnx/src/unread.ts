import type { Model } from '@cuvee/core';

/** Takes nodes that no output needs out of the list of users of the values that they read. */
export function dropUnread(model: Model): void {
  const live = new Set(model.nodes());
  for (const node of live) for (const value of node.outputs) for (const user of value.users) if (!live.has(user)) value.users.delete(user);
}
