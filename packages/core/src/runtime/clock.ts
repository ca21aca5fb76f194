/** @file The time, for durations. */

const { hrtime } = (globalThis as { process?: { hrtime?: () => [seconds: number, nanoseconds: number] } }).process ?? {};

/** Milliseconds since some moment. In Node not by `performance`: that takes Node longer to load than the rest of what a cached start needs of it. */
export const clock = (): number => {
  if (!hrtime) return performance.now();
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};
