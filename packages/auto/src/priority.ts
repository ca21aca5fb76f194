/** @file Which devices the models of this process use, by MODEL_PRIORITY: a model stays off the devices of more important ones. */

/** Least important first. */
export const priorities = ['LOW', 'MEDIUM', 'HIGH'] as const;
export type Priority = (typeof priorities)[number];

/** A model that is in use, and the devices that are its own at the time of asking. */
interface Claim {
  readonly priority: Priority;
  readonly devices: () => readonly string[];
}
const claims = new Set<Claim>();

/** Notes that a model uses devices; call the result when it is released. */
export function claim(devices: () => readonly string[], priority: Priority): () => void {
  const one = { priority, devices };
  claims.add(one);
  return () => void claims.delete(one);
}

/** Whether a more important model uses the device: why another should be taken. */
export function takenBy(device: string, priority: Priority): string | undefined {
  const ranks = [...claims].filter((c) => c.devices().includes(device)).map((c) => priorities.indexOf(c.priority));
  const above = Math.max(-1, ...ranks);
  return above > priorities.indexOf(priority) ? `a model of ${priorities[above]} priority uses it` : undefined;
}
