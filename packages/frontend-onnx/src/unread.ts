import type { Model } from '@cuvee/core';

/** Takes nodes that no output needs out of the list of users of the values that they read. */
export function dropUnread(model: Model): void {
  const live = new Set(model.nodes());
  live.forEach(({ outputs }) =>
    outputs.forEach(({ users }) =>
      users.forEach((user) => {
        if (!live.has(user)) users.delete(user);
      }),
    ),
  );
}
