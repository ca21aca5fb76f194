/** @file Which devices the models of this process use, by MODEL_PRIORITY: a model stays off the devices of more important ones. */

/** Least important first. */
export const priorities = ['LOW', 'MEDIUM', 'HIGH'] as const;
export type Priority = (typeof priorities)[number];

const used = new Map<string, number[]>();

/** Notes that a model uses devices; call the result once when it is released. */
export function claim(devices: readonly string[], priority: Priority): () => void {
  const level = priorities.indexOf(priority);
  const add = (n: number): void => {
    for (const device of devices) {
      const counts = used.get(device) ?? [0, 0, 0];
      counts[level] = (counts[level] as number) + n;
      used.set(device, counts);
    }
  };
  add(1);
  let claimed = true;
  return () => {
    if (claimed) add(-1);
    claimed = false;
  };
}

/** Whether a more important model uses the device: why another should be taken. */
export function takenBy(device: string, priority: Priority): string | undefined {
  const above = (used.get(device) ?? []).findLastIndex((n, level) => n > 0 && level > priorities.indexOf(priority));
  return above < 0 ? undefined : `a model of ${priorities[above]} priority uses it`;
}
