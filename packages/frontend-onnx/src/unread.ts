import type { Model, Node } from '@cuvee/core';

/** Takes nodes that no output needs out of the list of users of the values that they read. */
export function dropUnread(model: Model): void {
  const nodes = model.nodes();
  const live = new Set(nodes);
  let { users } = nodes[0]?.output ?? {};
  const drop = (user: Node): void => {
    if (!live.has(user)) users?.delete(user);
  };
  for (let i = 0; i < nodes.length; i++) {
    const { outputs } = nodes[i] as Node;
    for (let k = 0; k < outputs.length; k++) {
      users = outputs[k]?.users;
      users?.forEach(drop);
    }
  }
}
